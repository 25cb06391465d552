import { decodeServedAs } from '../../src/contract/cluster/admin-config.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import type {
  AdminConfigSource,
  AdminConfigText,
  ServerAddress,
} from '../../src/ports/admin-config-source.ts';
import type { ClusterTools } from '../../src/ports/cluster-tools.ts';
import type { MembershipFiles } from '../../src/ports/membership-files.ts';

/** A configuration as kubeadm makes it, with secrets that are none. */
export const ADMIN_CONFIG = `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    server: https://10.10.10.10:6443
    certificate-authority-data: Y2E=
contexts:
- name: admin@kubernetes
  context: { cluster: kubernetes, user: admin }
current-context: admin@kubernetes
users:
- name: admin
  user:
    client-certificate-data: Y2VydA==
    client-key-data: c2VjcmV0LWtleQ==
    token: "123456"
`;

/** The tools and files of one host in memory. `effects` has what was done, in its order. */
export class FakeClusterTools implements ClusterTools, MembershipFiles, AdminConfigSource {
  readonly nodeName = 'switch-1';
  readonly kubeletConfigPath = '/etc/kubernetes/kubelet.conf';
  readonly effects: string[] = [];
  /** Called before each effect: what throws there keeps it from happening, as a kill does. */
  onEffect: (name: string) => void = () => undefined;
  isJoined = false;
  adminConfig: string | undefined;
  obstacle: string | undefined;
  /** The tool of one act alone is missing. */
  missing: 'join' | 'reset' | undefined;
  unfinished = false;
  staticPod: string | undefined;
  answer = ADMIN_CONFIG;
  /** What is wrong with it, by the name of an effect. */
  readonly failures = new Map<string, string>();
  /** The tool ends well, and has done nothing. */
  isIdle = false;
  /** The tool does not end by itself. */
  isHanging = false;
  secrets: readonly string[] = [];
  asked: ServerAddress | undefined;

  findObstacle(act: 'join' | 'reset'): string | undefined {
    return act === this.missing ? `no tool to ${act}` : this.obstacle;
  }

  hasJoined(): boolean {
    return this.isJoined;
  }

  isUnfinished(): boolean {
    return this.unfinished;
  }

  findStaticPod(): string | undefined {
    return this.staticPod;
  }

  findJoinedServer(): string | undefined {
    return decodeServedAs(this.adminConfig ?? '');
  }

  async fetchAdminConfig(server: ServerAddress): Promise<AdminConfigText> {
    this.#effect('fetch');
    this.asked = server;
    return { text: this.answer, origin: `${server.ip}:${server.port}` };
  }

  readAdminConfig(path: string): AdminConfigText {
    this.#effect(`read ${path}`);
    return { text: this.answer, origin: path };
  }

  writeAdminConfig(text: string): void {
    this.#effect('write');
    this.adminConfig = text;
  }

  removeAdminConfig(): void {
    this.#effect('remove');
    this.adminConfig = undefined;
    this.unfinished = false;
  }

  async join(secrets: readonly string[], signal: AbortSignal): Promise<void> {
    this.secrets = secrets;
    this.#effect('join', () => (this.unfinished = true));
    await this.#hang(signal);
    if (this.isIdle) return;
    this.isJoined = true;
    this.unfinished = false;
  }

  async reset(signal: AbortSignal): Promise<void> {
    this.#effect('reset', () => (this.unfinished = true));
    await this.#hang(signal);
    if (!this.isIdle) this.isJoined = false;
  }

  async enableKubelet(isOn: boolean): Promise<void> {
    this.#effect(isOn ? 'enable' : 'disable');
  }

  #effect(name: string, begin = (): unknown => undefined): void {
    this.onEffect(name);
    this.effects.push(name);
    begin();
    const failure = this.failures.get(name);
    if (failure !== undefined) throw new CtrkitError('cluster', failure);
  }

  #hang(signal: AbortSignal): Promise<void> {
    if (!this.isHanging) return Promise.resolve();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new CtrkitError('cluster', 'was interrupted')));
    });
  }
}
