/**
 * What the kit costs on a real cluster: from the node's label to the application's process and to Ready, and the same for
 * an update, beside the same pod without the kit and with SONiC's own probe. On the cluster that KUBECONFIG names; kubelet
 * looks at pods once a second, so that much noise is its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { listProcesses } from '../kubernetes/support/application-watch.ts';
import { makeDirectory, removeAll } from '../support/images.ts';
import {
  createNamespace,
  deleteNamespace,
  kubectl,
  NAMESPACE,
  readNodeName,
} from '../kubernetes/support/cluster.ts';
import { ClusterSwitch } from '../kubernetes/support/cluster-switch.ts';
import { summarise } from './measure.ts';
import { printRow, shown } from './table.ts';

export const KUBERNETES_RUNS = Number(process.env['BENCH_RUNS'] ?? 6);
const POLL_MS = 20;
const DEADLINE_MS = 120_000;
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
/** All of the kit that an image has; start.sh goes on without it. */
const WITHOUT_KIT = `RUN rm -r /usr/share/sonic/scripts/container_startup.py /etc/supervisor/conf.d/ctrkit.conf /usr/bin/health_probe /usr/lib/ctrkit`;

/** Milliseconds from the change until each has come about. */
interface Taken {
  /** The application of the pod before has ended; 0 where there is none. */
  readonly endedMs: number;
  /** The new pod is there, as an object of the API server; what lies in between is Kubernetes' own. */
  readonly createdMs: number;
  readonly runsMs: number;
  readonly readyMs: number;
}

class Side {
  readonly labelOn: Taken[] = [];
  readonly update: Taken[] = [];
  readonly here: ClusterSwitch;
  readonly #hasKit: boolean;
  readonly #api: CoreV1Api;

  constructor(here: ClusterSwitch, hasKit: boolean) {
    this.here = here;
    this.#hasKit = hasKit;
    const config = new KubeConfig();
    config.loadFromDefault();
    this.#api = config.makeApiClient(CoreV1Api);
  }

  async begin(): Promise<void> {
    const lines = this.#hasKit ? '' : WITHOUT_KIT;
    await this.here.begin();
    for (const version of ['1.0.0', '2.0.0']) await this.here.buildImage(version, { lines });
    if (!this.#hasKit) return;
    await this.here.setConfig({ set_owner: 'kube', no_fallback_to_local: 'true' });
    // As the daemon has it: the label is this bench's to write, so no daemon runs.
    await this.here.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    await this.here.unit('start');
  }

  /** Label on, update, label off. */
  async run(): Promise<void> {
    await this.apply('1.0.0');
    this.labelOn.push(await this.time('1.0.0', () => this.label('true')));
    this.update.push(await this.time('2.0.0', () => this.apply('2.0.0')));
    await this.label('false');
    await this.here.untilNoPod();
  }

  private async apply(version: string): Promise<void> {
    const image = `${this.here.remoteRepository}:${version}`;
    const text = askOften(JSON.stringify(JSON.parse(await this.here.manifest(version, image, '--json'))));
    await kubectl(['apply', '-f', '-'], this.#hasKit ? text : withoutKit(text));
  }

  private async label(value: string): Promise<void> {
    const labels = { [`${this.here.feature}_enabled`]: value };
    await this.#api.patchNode({ name: this.here.node, body: { metadata: { labels } } }, MERGE);
  }

  private async time(version: string, change: () => Promise<void>): Promise<Taken> {
    const old = new Set(findApplications(this.here.agent));
    const taken: Partial<Record<keyof Taken, number>> = {};
    await change();
    const startMs = performance.now();
    const note = (what: keyof Taken, isSo: boolean): void => {
      if (isSo) taken[what] ??= performance.now() - startMs;
    };
    if (old.size === 0) taken.endedMs = 0;
    while (performance.now() < startMs + DEADLINE_MS) {
      const now = findApplications(this.here.agent);
      note('endedMs', !now.some((pid) => old.has(pid)));
      note(
        'runsMs',
        now.some((pid) => !old.has(pid)),
      );
      const pod = await this.findPod(version);
      note('createdMs', pod !== undefined);
      note('readyMs', pod?.status?.containerStatuses?.[0]?.ready === true);
      const { endedMs, createdMs, runsMs, readyMs } = taken;
      if (endedMs !== undefined && createdMs !== undefined && runsMs !== undefined && readyMs !== undefined)
        return { endedMs, createdMs, runsMs, readyMs };
      await sleep(POLL_MS);
    }
    throw new Error(`version ${version} is not Ready in time\n${await this.here.describe()}`);
  }

  private async findPod(version: string): Promise<V1Pod | undefined> {
    const { items } = await this.#api.listNamespacedPod({ namespace: NAMESPACE });
    return items.find(
      ({ metadata, spec }) =>
        metadata?.name?.startsWith(this.here.feature) === true &&
        metadata.deletionTimestamp === undefined &&
        spec?.containers[0]?.image?.endsWith(`:${version}`) === true,
    );
  }
}

/** What SONiC's own probe and its hook ask, which is what the kit's agent asks of this image. */
const SHIPPED_QUESTION = [
  '/bin/sh',
  '-c',
  'supervisorctl status snmpd | grep -q RUNNING && /etc/ctrkit/checks/required.d/snmp-get',
];

/** Asked once a second on both sides: kubelet's usual pace would hide the difference, or multiply it. */
const askOften = (text: string): string => text.replaceAll(/"periodSeconds":\d+/g, '"periodSeconds":1');
const withoutKit = (text: string): string =>
  text.replaceAll(/\["\/usr\/bin\/health_probe","[a-z]+"\]/g, JSON.stringify(SHIPPED_QUESTION));

const findApplications = (agent: string): string[] => listProcesses('/usr/sbin/snmpd', agent);

export async function benchKubernetes(): Promise<void> {
  await createNamespace();
  const node = await readNodeName();
  const sides: Side[] = [];
  try {
    for (const hasKit of [true, false]) {
      const side = new Side(new ClusterSwitch(await makeDirectory(), { policy: {}, node }), hasKit);
      sides.push(side);
      await side.begin();
    }
    const [kit, bare] = sides;
    if (kit === undefined || bare === undefined) return;
    // In turn, so that both see the same machine.
    for (let run = 0; run < KUBERNETES_RUNS; run += 1) {
      await kit.run();
      await bare.run();
    }
    const compare = (what: string, pick: (side: Side) => number[]): void => {
      const [without, withKit] = [summarise(pick(bare)), summarise(pick(kit))];
      printRow(`${what}, without the kit`, without, 's');
      printRow(what, withKit, 's', `the kit: ${shown(withKit.median - without.median)} s`);
    };
    const secondsOf = (list: readonly Taken[], of: (taken: Taken) => number): number[] =>
      list.map((taken) => of(taken) / 1_000);
    compare('label on to the application', (side) => secondsOf(side.labelOn, ({ runsMs }) => runsMs));
    compare('label on to Ready', (side) => secondsOf(side.labelOn, ({ readyMs }) => readyMs));
    compare('update: until the old application has ended', (side) =>
      secondsOf(side.update, ({ endedMs }) => endedMs),
    );
    compare('update: from there to the new pod (Kubernetes alone)', (side) =>
      secondsOf(side.update, ({ endedMs, createdMs }) => createdMs - endedMs),
    );
    compare('update: from the new pod to the application', (side) =>
      secondsOf(side.update, ({ createdMs, runsMs }) => runsMs - createdMs),
    );
    compare('update to Ready, all of it', (side) => secondsOf(side.update, ({ readyMs }) => readyMs));
  } finally {
    for (const { here } of sides) await here.end();
    await deleteNamespace();
    await removeAll();
  }
}
