import { CtrkitError } from '../../contract/errors.ts';
import type { ContainerEngine } from '../../ports/container-engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { LockStore } from '../../ports/lock-store.ts';
import type { Log } from '../../ports/log.ts';
import type { RowStore } from '../../ports/row-store.ts';
import type { ServiceControl } from '../../ports/service-control.ts';
import type { FallbackTiming } from '../../decide/host/fallback.ts';
import { Daemon, type Connection } from './daemon.ts';
import { HostExecutor } from './executor.ts';
import type { Executor } from './step-execution.ts';
import { LedgerKeeper } from './ledger-keeper.ts';
import { LockWatch } from './lock-watch.ts';
import { ShadowComparison } from './shadow-comparison.ts';
import { ShadowExecutor } from './shadow-executor.ts';
import { UnitWatch } from './unit-watch.ts';
import type { ViewTarget } from './view-publisher.ts';

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
  random(): number;
}

/** Puts the daemon together and runs it until `signal` aborts. A shadow is given nothing that could touch anything. */
export async function startDaemon(start: DaemonStart): Promise<void> {
  const { isShadow, log, clock, engine, service } = start;
  const { ledger, problems } = start.ledger.read();
  for (const problem of problems) log.warn(problem);
  const keeper = new LedgerKeeper(isShadow ? { write: () => undefined } : start.ledger, ledger);
  const locks = new LockWatch(start.locks, clock, log);
  const comparison = isShadow ? new ShadowComparison(log) : undefined;
  let store: RowStore | undefined;
  const executor: Executor = isShadow
    ? new ShadowExecutor(keeper)
    : new HostExecutor({ engine, keeper, service, clock, log, store: () => assertOpen(store) });
  const daemon = new Daemon({
    ...start,
    keeper,
    executor,
    units: new UnitWatch({ service, clock, log }),
    lockText: (feature, isFresh) => locks.text(feature, isFresh),
    connect: () => {
      const connection = start.connect();
      store = connection.store;
      return connection;
    },
    onDisconnect: () => {
      store = undefined;
    },
    ...(comparison && { onLook: (situation, judged) => comparison.note(situation, judged) }),
  });
  log.info(isShadow ? 'shadow: decides and reports, touches nothing' : 'started');
  await daemon.run(start.signal);
}

function assertOpen(store: RowStore | undefined): RowStore {
  if (store === undefined) throw new CtrkitError('database', 'the databases are out of reach');
  return store;
}
