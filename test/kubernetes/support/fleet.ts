/**
 * Further switches of the fleet, which the one real node of the cluster stands for itself beside: Node objects without a
 * machine. Their kubelets are stood in for: pods are said to be Ready, or not, and pods that are deleted go.
 */
import { CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { NAMESPACE } from './cluster.ts';

const EVERY_MS = 500;
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

export class Fleet {
  readonly nodes: readonly string[];
  readonly #api: CoreV1Api;
  readonly #isGood: (image: string) => boolean;
  #isOver = false;
  #loop: Promise<void> = Promise.resolve();

  /** `isGood` tells whether a pod of that image ever becomes Ready on these switches. */
  constructor(count: number, isGood: (image: string) => boolean) {
    const config = new KubeConfig();
    config.loadFromDefault();
    this.#api = config.makeApiClient(CoreV1Api);
    this.#isGood = isGood;
    this.nodes = Array.from({ length: count }, (_, i) => `fleet-${process.pid}-${i + 2}`);
  }

  async join(labels: Readonly<Record<string, string>>): Promise<void> {
    for (const name of this.nodes) {
      await this.#api.createNode({
        body: { metadata: { name, labels: { ...labels, 'ctrkit-test': String(process.pid) } } },
      });
    }
    await this.beat();
    this.#loop = this.run();
  }

  async leave(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
    for (const name of this.nodes) await this.#api.deleteNode({ name }).catch(() => undefined);
    // Without a node nobody else would say that they have ended.
    for (const { metadata } of await this.pods()) await this.endPod(metadata?.name ?? '');
  }

  /** The image of each switch's pod, by the switch's name; pods that are going do not count. */
  async images(): Promise<Map<string, string>> {
    const pods = (await this.pods()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    return new Map(pods.map(({ spec }) => [spec?.nodeName ?? '', spec?.containers[0]?.image ?? '']));
  }

  async untilAll(version: string): Promise<void> {
    await until(
      `all of the fleet has version ${version}`,
      async () => {
        const images = await this.images();
        return this.nodes.every((node) => images.get(node)?.endsWith(`:${version}`));
      },
      { everyMs: 500, retriesErrors: true },
    );
  }

  private async run(): Promise<void> {
    for (let round = 0; !this.#isOver; round += 1) {
      // The API server may be away for a moment: the next round is a new attempt.
      await this.settlePods().catch(() => undefined);
      if (round % 10 === 0) await this.beat().catch(() => undefined);
      await sleep(EVERY_MS);
    }
  }

  /** As a kubelet reports a node that is well. */
  private async beat(): Promise<void> {
    const now = new Date();
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now };
    for (const name of this.nodes) {
      const status = { conditions: [ready], capacity: { pods: '110' }, allocatable: { pods: '110' } };
      await this.#api.patchNodeStatus({ name, body: { status } }, MERGE);
    }
  }

  private async settlePods(): Promise<void> {
    for (const { metadata, spec, status } of await this.pods()) {
      const name = metadata?.name ?? '';
      if (metadata?.deletionTimestamp !== undefined) await this.endPod(name);
      else if (status?.phase !== 'Running' && this.#isGood(spec?.containers[0]?.image ?? '')) {
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: new Date() }];
        const body = { status: { phase: 'Running', conditions } };
        await this.#api.patchNamespacedPodStatus({ name, namespace: NAMESPACE, body }, MERGE);
      }
    }
  }

  private async endPod(name: string): Promise<void> {
    const now = { name, namespace: NAMESPACE, gracePeriodSeconds: 0 };
    await this.#api.deleteNamespacedPod(now).catch(() => undefined);
  }

  private async pods(): Promise<V1Pod[]> {
    const { items } = await this.#api.listNamespacedPod({ namespace: NAMESPACE });
    return items.filter(({ spec }) => this.nodes.includes(spec?.nodeName ?? ''));
  }
}
