import { CtrkitError } from '../../contract/errors.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { LockStore } from '../../ports/lock-store.ts';
import type { Log } from '../../ports/log.ts';
import type { ServiceControl } from '../../ports/service-control.ts';
import type { FallbackTiming } from '../../decide/feature/fallback-refusal.ts';
import { buildClusterParts, NO_CLUSTER_PARTS, type ClusterSide } from './cluster/cluster-parts.ts';
import type { Connection } from './watch/daemon-component.ts';
import { Daemon } from './daemon.ts';
import { HostExecutor } from './feature/host-executor.ts';
import type { StepExecutor } from './feature/step-executor.ts';
import { LedgerCache } from './feature/ledger-cache.ts';
import { LockWatch } from './watch/lock-watch.ts';
import { ShadowComparison } from './feature/shadow-comparison.ts';
import { ShadowExecutor } from './feature/shadow-executor.ts';
import { UnitWatch } from './watch/unit-watch.ts';
import type { ViewTarget } from './feature/view-publisher.ts';

export interface DaemonStart {
  readonly isShadow: boolean;
  readonly engine: ContainerEngine;
  readonly ledger: LedgerStore;
  readonly locks: LockStore;
  readonly service: ServiceControl;
  readonly view: ViewTarget;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: FallbackTiming;
  readonly mappedRepositories: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  connect(): Connection;
  readonly random: () => number;
  /** Undefined: KUBERNETES_MASTER and the node's labels are somebody else's. */
  readonly cluster?: ClusterSide | undefined;
}

/** Puts the daemon together and runs it until `signal` aborts. A shadow is given nothing that could touch anything. */
export async function startDaemon(start: DaemonStart): Promise<void> {
  const { isShadow, log, clock, engine, service } = start;
  const { ledger, problems } = start.ledger.read();
  for (const problem of problems) log.warn(problem);
  const keeper: LedgerCache = new LedgerCache(
    isShadow ? { write: () => undefined } : tellOf(start.ledger, () => cluster.wake()),
    ledger,
  );
  const locks = new LockWatch(start.locks, clock, log);
  const comparison = isShadow ? new ShadowComparison(log) : undefined;
  let open: Connection | undefined;
  const executor: StepExecutor = isShadow
    ? new ShadowExecutor(keeper)
    : new HostExecutor({ engine, ledger: keeper, service, clock, log, store: () => assertOpen(open).store });
  const cluster =
    isShadow || start.cluster === undefined
      ? NO_CLUSTER_PARTS
      : buildClusterParts({
          ...start,
          side: start.cluster,
          connection: () => assertOpen(open),
          ledger: () => keeper.all,
          onProblems: () => daemon.publish(),
        });
  const daemon: Daemon = new Daemon({
    ...start,
    ledger: keeper,
    executor,
    units: new UnitWatch({ service, clock, log }),
    lockText: (feature, isFresh) => locks.findText(feature, isFresh),
    components: cluster.components,
    connect: () => (open = start.connect()),
    onDisconnect: () => {
      open = undefined;
    },
    ...(comparison && { onDecision: (input, view) => comparison.compare(input, view) }),
  });
  log.info(isShadow ? 'shadow: decides and reports, touches nothing' : 'started');
  await runTogether(start.signal, [(signal) => daemon.run(signal), ...cluster.runs]);
}

/** Each until `signal` aborts; a defect of one ends the others, and is thrown when they have ended. */
async function runTogether(
  signal: AbortSignal,
  parts: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const ends = await Promise.allSettled(
    parts.map(async (run) => {
      try {
        await run(stop.signal);
      } finally {
        end();
      }
    }),
  );
  for (const one of ends) if (one.status === 'rejected') throw one.reason;
}

/** What is golden is a label of the node. */
const tellOf = (store: Pick<LedgerStore, 'write'>, onWrite: () => void): Pick<LedgerStore, 'write'> => ({
  write: (ledger) => {
    store.write(ledger);
    onWrite();
  },
});

function assertOpen(connection: Connection | undefined): Connection {
  if (connection === undefined) throw new CtrkitError('database', 'the databases are out of reach');
  return connection;
}
