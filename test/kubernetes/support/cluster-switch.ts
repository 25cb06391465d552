/**
 * One switch that is a node of a real cluster: what test/docker/support/host.ts has, with the real kubelet in place of its
 * stand-in, and pods that come from `ctrkit manifest` alone.
 */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSnmpVersionAt } from '../../support/application-version.ts';
import { docker, dockerOutput } from '../../support/docker.ts';
import { makeDirectory } from '../../support/images.ts';
import { Host, playOn, type HostOptions } from '../../docker/support/host.ts';
import { watchApplications, type ApplicationWatch } from './application-watch.ts';
import {
  createNamespace,
  deleteNamespace,
  findKubeletConfig,
  getJson,
  kubectl,
  NAMESPACE,
  NO_CLUSTER,
  readNodeName,
  type KubernetesObject,
  type Pod,
} from './cluster.ts';

/** Of the pods and the switch's own containers alike: they share the host's network, so each feature has a port. */
const FIRST_PORT = 20_000;
const LOOK_EVERY_MS = 200;

export interface ClusterOptions extends HostOptions {
  /** Why it can't be played here, undefined if it can. */
  readonly skip?: string | undefined;
}

/** A test with a switch of its own on the cluster; skipped, and said so, where there is none. */
export function clusterScenario(
  title: string,
  options: ClusterOptions,
  play: (here: ClusterSwitch, t: TestContext) => Promise<void>,
): void {
  const skip = NO_CLUSTER ?? options.skip;
  if (!isCleanedUp) after(deleteNamespace);
  isCleanedUp = true;
  test(title, { skip: skip ?? false, timeout: 600_000 }, async (t) => {
    await createNamespace();
    const node = await readNodeName();
    await playOn(new ClusterSwitch(await makeDirectory(), { ...options, node }), t, play);
  });
}

interface NodeObject {
  readonly metadata: {
    readonly managedFields?: readonly {
      readonly manager: string;
      readonly fieldsV1?: {
        readonly 'f:metadata'?: { readonly 'f:labels'?: Readonly<Record<string, object>> };
      };
    }[];
  };
}

let isCleanedUp = false;
let lastSwitch = 0;

export class ClusterSwitch extends Host {
  readonly node: string;
  /** Where its snmpd listens, whoever runs it. */
  readonly agent: string;
  /** Of everything on the host, beside what every switch has. */
  readonly hostEnv: Record<string, string> = {};
  /** Further words of every `ctrkit manifest`. */
  readonly manifestWords: string[] = [];

  constructor(directory: string, { node, ...options }: ClusterOptions & { readonly node: string }) {
    super(directory, options);
    this.node = node;
    lastSwitch += 1;
    this.agent = `udp:127.0.0.1:${FIRST_PORT + ((process.pid * 8 + lastSwitch) % 10_000)}`;
  }

  override get env(): NodeJS.ProcessEnv {
    return {
      ...super.env,
      CTRKIT_KUBECONFIG: findKubeletConfig(),
      CTRKIT_NODE_NAME: this.node,
      ...this.hostEnv,
    };
  }

  override containerWords(owner: 'local' | 'kube'): string[] {
    return [...super.containerWords(owner), '--network host', `-e SNMP_AGENT_ADDRESS=${this.agent}`];
  }

  /** kubelet lets up to 43 s pass between two pods; and each look at the cluster is a process. */
  override until<T>(
    what: string,
    look: () => Promise<T | false | undefined>,
    everyMs = LOOK_EVERY_MS,
  ): Promise<Exclude<T, false | undefined>> {
    return super.until(what, look, everyMs);
  }

  override async begin(): Promise<void> {
    await super.begin();
    // ctrkitd finds out by itself.
    await this.state.del('KUBERNETES_MASTER|SERVER');
  }

  /** What `ctrkit manifest` says for an image, as it is. */
  async manifest(version: string, image: string, ...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.command(
      'ctrkit',
      'manifest',
      this.feature,
      `--image=${image}`,
      `--version=${version}`,
      `--namespace=${NAMESPACE}`,
      '--env=CTRKIT_HEARTBEAT_INTERVAL=500ms',
      `--env=SNMP_AGENT_ADDRESS=${this.agent}`,
      `--volume=${this.directory}:/var/run/redis`,
      // This machine is no switch: kubelet would wait for them.
      '--without-volume=/usr/share/sonic/hwsku',
      '--without-volume=/usr/share/sonic/platform',
      ...this.manifestWords,
      ...words,
    );
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** The DaemonSet of this version, made or changed. The image has to be there: `buildImage`. */
  async deploy(version: string, ...words: string[]): Promise<void> {
    const text = await this.manifest(version, `${this.remoteRepository}:${version}`, ...words);
    await kubectl(['apply', '-f', '-'], text);
  }

  /** `kubectl rollout …` of the feature's DaemonSet. */
  rollout(verb: 'undo' | 'status', ...words: string[]): Promise<string> {
    return kubectl(['rollout', verb, '-n', NAMESPACE, `daemonset/${this.feature}`, ...words], '', 300_000);
  }

  /** The feature's pods on this switch, those that are being deleted too. */
  async pods(): Promise<Pod[]> {
    const { items } = await getJson<{ items: Pod[] }>('pods', '-n', NAMESPACE);
    return items.filter(
      ({ metadata, spec }) => metadata.name.startsWith(this.feature) && spec.nodeName === this.node,
    );
  }

  /** The one pod that is to stay. */
  async pod(): Promise<Pod | undefined> {
    const staying = (await this.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return staying.length === 1 ? staying[0] : undefined;
  }

  /** Waits for a pod of this version for which `isSo` holds. */
  untilPod(what: string, version: string, isSo: (pod: Pod) => boolean): Promise<Pod> {
    return this.until(`the pod of version ${version} ${what}`, async () => {
      const pod = await this.pod();
      const isOfVersion = pod?.spec.containers[0]?.image.endsWith(`:${version}`) === true;
      return pod !== undefined && isOfVersion && isSo(pod) && pod;
    });
  }

  untilReady(version: string): Promise<Pod> {
    return this.untilPod('is Ready', version, isReady);
  }

  /** Has the pod deleted, and waits until its successor is Ready. */
  async replacePod(version: string): Promise<void> {
    const { metadata } = await this.untilReady(version);
    await kubectl(['delete', 'pod', metadata.name, '-n', NAMESPACE, '--wait=false']);
    await this.untilPod(
      'is Ready in place of the one before',
      version,
      (pod) => pod.metadata.name !== metadata.name && isReady(pod),
    );
  }

  untilNoPod(): Promise<true> {
    return this.until('no pod of the feature is left', async () => (await this.pods()).length === 0);
  }

  /** The version that its snmpd answers with, undefined while none does. */
  readVersion(): Promise<string | undefined> {
    return readSnmpVersionAt(this.agent);
  }

  /** Looks how many snmpd of this switch run, whoever started them, until it is told to stop. */
  watchApplications(): ApplicationWatch {
    return watchApplications('/usr/sbin/snmpd', this.agent);
  }

  /** Does `look` every half second until then, `performance.now()`; it may throw. */
  async untilMs(thenMs: number, look: () => Promise<void>): Promise<void> {
    while (performance.now() < thenMs) {
      await look();
      await sleep(500);
    }
  }

  /** All labels of the node. */
  async nodeLabels(): Promise<Readonly<Record<string, string>>> {
    return (await getJson<KubernetesObject>('node', this.node)).metadata.labels ?? {};
  }

  /** Waits until a label of the node, `<feature>_<name>`, has this value; undefined: until there is none. */
  untilNodeLabel(name: string, value: string | undefined): Promise<true> {
    return this.until(`the node's label ${this.feature}_${name} is ${value}`, async () => {
      return (await this.nodeLabels())[`${this.feature}_${name}`] === value;
    });
  }

  /** The id of the pod's container, 12 digits as STATE_DB has it. */
  containerId(pod: Pod): string {
    const id = pod.status.containerStatuses?.[0]?.containerID ?? '';
    return id.replace('docker://', '').slice(0, 12);
  }

  override async describe(): Promise<string> {
    const lines = [await super.describe()];
    const look = async (...words: string[]): Promise<void> => {
      lines.push(
        `--- kubectl ${words.join(' ')}`,
        await kubectl(words).catch((error: Error) => error.message),
      );
    };
    await look('get', 'daemonsets,pods', '-n', NAMESPACE, '-o', 'wide');
    await look('get', 'events', '-n', NAMESPACE, '--sort-by=.lastTimestamp');
    await look('get', 'node', this.node, '--show-labels');
    const running = await docker(['ps', '-q', '--filter', `name=k8s_${this.feature}`]);
    for (const id of running.stdout.split('\n').filter((line) => line !== '')) {
      const { stdout, stderr } = await docker(['logs', '--tail', '40', id]);
      lines.push(`--- log of ${id}`, stdout, stderr);
    }
    return lines.join('\n');
  }

  override async end(): Promise<void> {
    await kubectl(['delete', 'daemonset', '--all', '-n', NAMESPACE, '--wait=false']).catch(() => undefined);
    const pods = ['pods', '--all', '-n', NAMESPACE];
    await kubectl(['delete', ...pods, '--grace-period=5', '--timeout=60s'], '', 90_000).catch(
      () => undefined,
    );
    await this.stopDaemon('SIGKILL');
    await this.dropLabels().catch(() => undefined);
    await super.end();
    // What kubelet keeps of pods for a while.
    const left = await dockerOutput(['ps', '-aq', '--filter', `name=${NAMESPACE}`]);
    if (left !== '') await docker(['rm', '-f', '-v', ...left.split('\n')]);
  }

  /** All that ctrkitd has written, by what the API server remembers. */
  private async dropLabels(): Promise<void> {
    const { metadata } = await getJson<NodeObject>('node', this.node);
    const own = (metadata.managedFields ?? [])
      .filter(({ manager }) => manager === 'ctrkitd')
      .flatMap(({ fieldsV1 }) => Object.keys(fieldsV1?.['f:metadata']?.['f:labels'] ?? {}))
      .flatMap((name) => (name.startsWith('f:') ? [name.slice(2)] : []));
    if (own.length > 0) await kubectl(['label', 'node', this.node, ...own.map((key) => `${key}-`)]);
  }
}

export const isReady = (pod: Pod): boolean => pod.status.containerStatuses?.[0]?.ready === true;
export const restartsOf = (pod: Pod): number => pod.status.containerStatuses?.[0]?.restartCount ?? 0;
