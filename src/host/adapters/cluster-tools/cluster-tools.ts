import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join as joinPath } from 'node:path';
import { decodeServedAs } from '../../../contract/cluster/admin-config.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import { hostInUrl } from '../../../contract/cluster/master-config.ts';
import type {
  AdminConfigText,
  ClusterToolSettings,
  ClusterTools,
  ServerAddress,
} from '../../../ports/cluster-tools.ts';
import { makeFolder, readWholeFile, writeDurably } from '../disk/durable-file.ts';
import { MAX_ADMIN_CONFIG_BYTES } from './admin-config-size.ts';
import { findMissingTool, runTool, type ToolRun } from './run-tool.ts';
import { explain, removeDurably, UnfinishedMark } from './unfinished-mark.ts';

/** kubeadm waits up to five minutes for the server, and then for kubelet. */
const JOIN_LIMIT_MS = 330_000;
/** It ends the containers of all pods, one after the other. */
const RESET_LIMIT_MS = 300_000;
const UNIT_LIMIT_MS = 30_000;

export interface ToolOptions {
  readonly joinMs?: number;
  readonly resetMs?: number;
  readonly fetchMs?: number;
}

/** kubeadm, or what CTRKIT_JOIN_COMMAND and CTRKIT_RESET_COMMAND name in its place; systemctl; two files. */
export class HostClusterTools implements ClusterTools {
  readonly #settings: ClusterToolSettings;
  readonly #options: ToolOptions;
  readonly #mark: UnfinishedMark;

  constructor(settings: ClusterToolSettings, options: ToolOptions = {}) {
    this.#settings = settings;
    this.#options = options;
    this.#mark = new UnfinishedMark(`${settings.adminConfigPath}.unfinished`);
  }

  get nodeName(): string {
    return this.#settings.nodeName();
  }

  get kubeletConfigPath(): string {
    return this.#settings.kubeletConfigPath;
  }

  findObstacle(act: 'join' | 'reset'): string | undefined {
    const { joinCommand, resetCommand } = this.#settings;
    return findMissingTool(act === 'join' ? joinCommand : resetCommand);
  }

  hasJoined(): boolean {
    return existsSync(this.#settings.kubeletConfigPath);
  }

  isUnfinished(): boolean {
    return this.#mark.isSet();
  }

  /** The tool of a join or a reset runs, whoever has begun it: it outlives a command that is killed. */
  isAtWork(): boolean {
    return this.#mark.isAtWork();
  }

  findStaticPod(): string | undefined {
    // Where kubeadm has kubelet look, and where a join of a node puts nothing.
    const folder = joinPath(dirname(this.#settings.kubeletConfigPath), 'manifests');
    if (!existsSync(folder)) return undefined;
    const names = explain(folder, 'read', () => readdirSync(folder));
    const name = names.find((one) => !one.startsWith('.'));
    return name === undefined ? undefined : joinPath(folder, name);
  }

  joinedBy(): string | undefined {
    try {
      const reading = readWholeFile(this.#settings.adminConfigPath, MAX_ADMIN_CONFIG_BYTES);
      return reading.kind === 'text' ? decodeServedAs(reading.text) : undefined;
    } catch {
      // Only for people: what can't be read is not known.
      return undefined;
    }
  }

  async fetchAdminConfig(server: ServerAddress, signal: AbortSignal): Promise<AdminConfigText> {
    this.assertName();
    const { adminConfigUrl, caPath } = this.#settings;
    const { isInsecure } = server;
    const url = adminConfigUrl
      .replaceAll('{ip}', hostInUrl(server.ip))
      .replaceAll('{port}', `${server.port}`);
    // Loaded when used: the daemon of a switch without a master has no use for https.
    const { fetchAdminConfig } = await import('./fetch-admin-config.ts');
    const { fetchMs } = this.#options;
    const limit = fetchMs === undefined ? {} : { timeLimitMs: fetchMs };
    const text = await fetchAdminConfig({ url, isInsecure, caPath, signal, ...limit });
    return { text, origin: new URL(url).host };
  }

  readAdminConfig(path: string): AdminConfigText {
    this.assertName();
    const reading = explain(path, 'read', () => readWholeFile(path, MAX_ADMIN_CONFIG_BYTES));
    if (reading.kind === 'text') return { text: reading.text, origin: path };
    const why = reading.kind === 'missing' ? 'there is no such file' : reading.why;
    throw new CtrkitError('disk', `${path} can't be read: ${why}`);
  }

  writeAdminConfig(text: string): void {
    const { adminConfigPath: path } = this.#settings;
    explain(path, 'written', () => {
      makeFolder(dirname(path));
      writeDurably(path, text, `${path}.tmp`, 0o600);
    });
  }

  removeAdminConfig(): void {
    const { adminConfigPath: path } = this.#settings;
    explain(path, 'removed', () => {
      rmSync(`${path}.tmp`, { force: true });
      removeDurably(path);
    });
    this.#mark.clear();
  }

  async join(secrets: readonly string[], signal: AbortSignal): Promise<void> {
    this.assertName();
    const { joinCommand, adminConfigPath } = this.#settings;
    const nodeName = this.nodeName;
    const words = joinCommand.map((word) =>
      word.replaceAll('{config}', adminConfigPath).replaceAll('{node}', nodeName),
    );
    const onStart = this.begin();
    await this.run(words, { timeLimitMs: this.#options.joinMs ?? JOIN_LIMIT_MS, signal, secrets, onStart });
    if (this.hasJoined()) this.#mark.clear();
  }

  async reset(signal: AbortSignal): Promise<void> {
    const onStart = this.begin();
    const timeLimitMs = this.#options.resetMs ?? RESET_LIMIT_MS;
    await this.run(this.#settings.resetCommand, { timeLimitMs, signal, onStart });
  }

  async enableKubelet(isOn: boolean, signal: AbortSignal): Promise<void> {
    const { kubeletUnit } = this.#settings;
    if (kubeletUnit === '') return;
    const verb = isOn ? ['enable'] : ['disable', '--now'];
    const words = ['systemctl', ...verb, kubeletUnit];
    await this.run(words, { timeLimitMs: UNIT_LIMIT_MS, signal });
  }

  private begin(): (pid: number) => void {
    this.#mark.set();
    return (pid) => this.#mark.note(pid);
  }

  private run(
    words: readonly string[],
    how: Pick<ToolRun, 'timeLimitMs' | 'signal'> & Partial<ToolRun>,
  ): Promise<void> {
    return runTool({ secrets: [], onStart: () => undefined, ...how, words });
  }

  /** Already when the master's configuration is asked for: nothing is touched by then. */
  private assertName(): void {
    const fault = this.#settings.findNameFault();
    if (fault !== undefined) throw new CtrkitError('cluster', fault);
  }
}
