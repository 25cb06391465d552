import type { Ledger } from '../../contract/images/ledger.ts';
import type { FallbackTiming } from '../../decide/feature/fallback-refusal.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { Wakeup } from '../../loop/wakeup.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import type { BlockStore } from '../../ports/block-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { LockStore } from '../../ports/lock-store.ts';
import type { MemoryStore } from '../../ports/memory-store.ts';
import type { Log } from '../../ports/log.ts';
import type { ServiceControl } from '../../ports/service-control.ts';
import {
  buildClusterParts,
  NO_CLUSTER_PARTS,
  type ClusterParts,
  type ClusterSide,
} from './cluster/cluster-parts.ts';
import { Daemon } from './daemon.ts';
import { runTogether } from './run-together.ts';
import { FeatureController, type FeaturePorts } from './feature/feature-controller.ts';
import { FeatureQueue } from './feature/feature-queue.ts';
import { HostExecutor } from './feature/host-executor.ts';
import { listImageIds, NO_FACTS } from '../../decide/images/ladder.ts';
import { LedgerCache } from './feature/ledger-cache.ts';
import { ShadowComparison } from './feature/shadow-comparison.ts';
import { ShadowExecutor } from './feature/shadow-executor.ts';
import { ViewPublisher, type ViewTarget } from './feature/view-publisher.ts';
import { MemoryKeeper } from './memory/memory-keeper.ts';
import type { DaemonObserver } from './metrics/daemon-observer.ts';
import type { Connection } from './watch/daemon-component.ts';
import { RebootWatch } from './reboot-watch.ts';
import type { RebootSide } from '../reboot/reboot-ports.ts';
import { BlockWatch } from './watch/block-watch.ts';
import { DatabaseSession } from './watch/database-session.ts';
import { EngineWatch } from './watch/engine-watch.ts';
import { LockWatch } from './watch/lock-watch.ts';
import { UnitWatch } from './watch/unit-watch.ts';

export interface DaemonStart {
  readonly isShadow: boolean;
  readonly engine: ContainerEngine;
  readonly ledger: LedgerStore;
  readonly locks: LockStore;
  readonly blocks: BlockStore;
  readonly service: ServiceControl;
  readonly view: ViewTarget;
  /** Undefined for a shadow: nothing outlives it. */
  readonly memory?: MemoryStore | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: FallbackTiming;
  /** SONiC's list of image names: the local repository of each feature. */
  readonly mappedRepositories: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** Throws CtrkitError('usage') or CtrkitError('database'). Called again after each outage. */
  readonly connect: () => Connection;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Undefined where a setting of it makes no sense, which was logged. */
  readonly reboot?: RebootSide | undefined;
  /** Undefined where another program keeps KUBERNETES_MASTER and the node's labels. */
  readonly cluster?: ClusterSide | undefined;
  /** Undefined where nobody asks for metrics. */
  readonly observer?: DaemonObserver | undefined;
}

/**
 * Puts the daemon together and runs it until `signal` aborts. A shadow is given nothing that could touch anything. Throws
 * CtrkitError('disk') if the ledger's folder can't be read, and what is no outage.
 */
// oxlint-disable-next-line max-lines-per-function -- the parts know each other: apart they would be handed around
export async function startDaemon(start: DaemonStart): Promise<void> {
  const { log, clock, random, engine } = start;
  const { ledger: stored, problems } = start.ledger.read();
  for (const problem of problems) log.warn(problem);
  const startedMs = clock.bootMs();
  const session = new DatabaseSession(start.connect);
  const ledger = createLedgerCache(start, stored, () => cluster.wake());
  const wakeup = new Wakeup(clock);
  const createFeature = (name: string) => new FeatureController(name, featurePorts);
  const features = new FeatureQueue(clock, createFeature, wakeup.notify);
  const engineWatch = createEngineWatch(start, features);
  const reboot = createRebootWatch(start);
  const rebootRuns =
    start.isShadow || reboot === undefined ? [] : [(signal: AbortSignal) => reboot.run(signal)];
  const memories = createMemoryKeeper(start);
  const featurePorts = createFeaturePorts(start, {
    session,
    ledger,
    features,
    engineWatch,
    memories,
    startedMs,
    isRebooting: () => reboot?.isUnderWay() ?? false,
  });
  const listFeatures = () => features.features.keys();
  start.observer?.observe({ readEngineState: () => engineWatch.state, listFeatures });
  const cluster = createClusterParts(start, {
    session,
    ledger,
    engineWatch,
    onProblems: () => daemon.publish(),
  });
  const daemon: Daemon = new Daemon({
    session,
    engine: engineWatch,
    features,
    components: cluster.components,
    publisher: createPublisher(start, startedMs),
    memories,
    wakeup,
    clock,
    log,
    random,
  });
  log.info(start.isShadow ? 'shadow: decides and reports, touches nothing' : 'started');
  try {
    await runTogether(start.signal, [(signal) => daemon.run(signal), ...cluster.runs, ...rebootRuns]);
  } finally {
    // A call that waits for an answer would keep the process until its time limit.
    engine.close();
  }
}

/** `onWrite`: the golden image of a feature may have changed, which is a label of the node. */
function createLedgerCache(
  { isShadow, ledger: store, clock }: DaemonStart,
  stored: Ledger,
  onWrite: () => void,
): LedgerCache {
  if (isShadow) return new LedgerCache({ write: () => undefined }, stored);
  const write = (ledger: Ledger): void => {
    store.write(ledger);
    onWrite();
  };
  return new LedgerCache({ write }, stored, clock);
}

type Features = FeatureQueue<FeatureController>;

const createEngineWatch = ({ engine, clock, log, random }: DaemonStart, queue: Features): EngineWatch =>
  new EngineWatch({
    engine,
    clock,
    log,
    random,
    onChange: () => queue.addAll(),
    onEvent: (event) => {
      if (event.kind !== 'die') return;
      for (const feature of queue.features.values()) feature.recordEnd(event);
    },
  });

function createPublisher({ view, isShadow, clock, log }: DaemonStart, startedMs: number): ViewPublisher {
  const outage = new OutageLog(log, clock);
  return new ViewPublisher(view, { isShadow, bootId: clock.bootId(), startedMs }, (problem) =>
    outage.logFailure(problem),
  );
}

/** A shadow only looks. */
const createRebootWatch = ({ reboot: side, clock, log, random }: DaemonStart): RebootWatch | undefined =>
  side && new RebootWatch({ side, clock, log, random });

function createMemoryKeeper({ isShadow, memory, clock, log }: DaemonStart): MemoryKeeper {
  const outage = new OutageLog(log, clock);
  const store = isShadow ? undefined : memory;
  return new MemoryKeeper({ store, clock, onProblem: (problem) => outage.logFailure(problem) });
}

interface FeatureParts {
  readonly session: DatabaseSession;
  readonly ledger: LedgerCache;
  readonly features: Features;
  readonly engineWatch: EngineWatch;
  readonly memories: MemoryKeeper;
  readonly startedMs: number;
  readonly isRebooting: () => boolean;
}

function createFeaturePorts(
  start: DaemonStart,
  { session, ledger, features, engineWatch, memories, startedMs, isRebooting }: FeatureParts,
): FeaturePorts {
  const { isShadow, engine, service, locks, blocks, clock, log, timing, random, mappedRepositories } = start;
  const comparison = isShadow ? new ShadowComparison(log) : undefined;
  const openStore = () => session.connection.store;
  const blockWatch = new BlockWatch(blocks, clock, log);
  const remove: BlockStore['remove'] = (feature, version) => {
    blockWatch.forget();
    return blocks.remove(feature, version);
  };
  const ports = { engine, ledger, service, blocks: { remove }, clock, log, openStore };
  const executor = isShadow ? new ShadowExecutor(ledger) : new HostExecutor(ports);
  return {
    isShadow,
    engine,
    ledger,
    executor: start.observer?.meterSteps(executor) ?? executor,
    locks: new LockWatch(locks, clock, log),
    blocks: blockWatch,
    units: new UnitWatch({ service, clock, log }),
    memories,
    clock,
    log,
    timing,
    random,
    startedMs,
    isRebooting,
    mappedRepositories,
    readEngineState: () => engineWatch.state,
    requeue: (feature) => features.add(feature),
    onDecision: (input, view, memory) => {
      comparison?.compare(input, view);
      start.observer?.recordDecision(input, view, memory);
    },
  };
}

interface ClusterContext {
  readonly session: DatabaseSession;
  readonly ledger: LedgerCache;
  readonly engineWatch: EngineWatch;
  readonly onProblems: () => void;
}

function createClusterParts(
  { isShadow, cluster: side, locks, clock, log, random }: DaemonStart,
  { session, ledger, engineWatch, onProblems }: ClusterContext,
): ClusterParts {
  if (isShadow || side === undefined) return NO_CLUSTER_PARTS;
  return buildClusterParts({
    side,
    locks,
    clock,
    log,
    random,
    connection: () => session.connection,
    ledger: () => ledger.all,
    findLadderFacts: () => ({ ...NO_FACTS, imageIds: listImageIds(engineWatch.state) }),
    onProblems,
  });
}
