import { CtrkitError } from '../../../contract/errors.ts';
import { masterConfigRow } from '../../../contract/cluster/master-config.ts';
import { decideMembership, type MembershipTiming } from '../../../decide/cluster/membership.ts';
import {
  recordConfig,
  recordFailure,
  recordSuccess,
  type ConfigHistory,
} from '../../../decide/cluster/membership-history.ts';
import { Wakeup } from '../../../loop/wakeup.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { LockStore } from '../../../ports/lock-store.ts';
import type { Log } from '../../../ports/log.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { SwitchTables, TableChange } from '../../../ports/switch-tables.ts';
import { listEveryFeature } from '../../membership/list-features.ts';
import type { MembershipPorts, MembershipSide } from '../../membership/membership-ports.ts';
import { readMembership } from '../../membership/read-membership.ts';
import type { DaemonComponent } from '../watch/daemon-component.ts';
import { attemptMembershipAct } from './attempt-membership-act.ts';
import { MembershipReporter } from './membership-reporter.ts';

/** No event tells of kubelet's file, and events of a database that was away are lost. */
const RECONCILE_EVERY_MS = 60_000;
/** Another process joins or leaves, or the database is away. */
const RECONCILE_SOON_MS = 5_000;

const LOCKED =
  'a command joins or leaves at this moment, or a tool that an earlier one has begun: it is left to it';

export interface MembershipControllerPorts extends MembershipSide {
  readonly locks: Pick<LockStore, 'list'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: MembershipTiming;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The databases as of now. Throws CtrkitError('database') while there are none. */
  readonly connection: () => {
    readonly store: Pick<RowStore, 'read' | 'write'>;
    readonly tables: Pick<SwitchTables, 'listFeatures'>;
  };
  /** `problems`, or whether the switch has joined, is another one now. */
  readonly onChange: () => void;
}

/** Joins and leaves by itself, as CONFIG_DB `KUBERNETES_MASTER|SERVER` says. */
export class MembershipController implements DaemonComponent {
  readonly #ports: MembershipControllerPorts;
  readonly #wakeup: Wakeup;
  readonly #reporter: MembershipReporter;
  readonly #jitter: number;
  #history: ConfigHistory | undefined;
  #isJoined: boolean | undefined;

  constructor(ports: MembershipControllerPorts) {
    const { clock, log, onChange, random } = ports;
    this.#ports = ports;
    this.#wakeup = new Wakeup(clock);
    this.#reporter = new MembershipReporter({ clock, log, onChange });
    this.#jitter = random();
  }

  /** For the daemon's view: why the switch does not join or leave though it should. */
  get problems(): readonly string[] {
    const { problem } = this.#reporter;
    return problem === '' ? [] : [problem];
  }

  connect(): void {
    this.#wakeup.notify();
  }

  observeChange({ db, table }: TableChange): void {
    if (db === masterConfigRow.db && table === masterConfigRow.table) this.#wakeup.notify();
  }

  /** `connection` is called anew for each use, and the loop ends by the signal of `run`. */
  disconnect(): void {}
  close(): void {}

  /** Runs until `signal` aborts. An act under way is ended then, and the next daemon goes on with it. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#wakeup.notify, { once: true });
    while (!signal.aborted) {
      const waitMs = await this.#reconcile(signal).catch(requeueWithoutDatabase);
      if (!signal.aborted) await this.#wakeup.sleep(waitMs);
    }
  }

  /** Returns after how many milliseconds to reconcile again, whatever happens. */
  async #reconcile(signal: AbortSignal): Promise<number> {
    const { clock, timing, files, connection, onChange } = this.#ports;
    const { config, status } = await readMembership({ store: connection().store, files });
    const nowMs = clock.bootMs();
    this.#history = recordConfig(this.#history, config, { jitter: this.#jitter, nowMs });
    if (status.isJoined !== this.#isJoined) {
      this.#isJoined = status.isJoined;
      onChange();
    }
    const decision = decideMembership(config, status, this.#history, { timing, nowMs });
    switch (decision.kind) {
      case 'ask-operator':
        this.#reporter.fail(decision.text);
        return RECONCILE_EVERY_MS;
      case 'nothing':
        this.#reporter.log(decision.text);
        if (decision.requeueAtMs !== undefined)
          return Math.min(RECONCILE_EVERY_MS, decision.requeueAtMs - nowMs);
        this.#history = recordSuccess(this.#history);
        this.#reporter.recover();
        return RECONCILE_EVERY_MS;
      case 'join':
      case 'leave':
        return this.#act(decision, this.#history, signal);
    }
  }

  /** Returns after how many milliseconds to reconcile again. */
  async #act(
    { kind, text }: { readonly kind: 'join' | 'leave'; readonly text: string },
    history: ConfigHistory,
    signal: AbortSignal,
  ): Promise<number> {
    const { clock } = this.#ports;
    const releaseLock = await tryAcquireLock(this.#ports.acquireLock, (line) => this.#reporter.log(line));
    if (releaseLock === undefined) return RECONCILE_SOON_MS;
    try {
      this.#reporter.log(text);
      const failure = await attemptMembershipAct(kind, () => openActPorts(this.#ports, signal));
      if (signal.aborted) return 0;
      this.#history = failure === undefined ? recordSuccess(history) : recordFailure(history, clock.bootMs());
      if (failure === undefined) this.#reporter.recover();
      else this.#reporter.fail(`the switch can't ${kind}: ${failure}`);
      return 0;
    } finally {
      releaseLock();
    }
  }
}

/** Undefined where it is taken, or can't be: that is logged. */
async function tryAcquireLock(
  acquireLock: MembershipControllerPorts['acquireLock'],
  log: (text: string) => void,
): Promise<(() => void) | undefined> {
  try {
    const release = await acquireLock();
    if (release === undefined) log(LOCKED);
    return release;
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code === 'defect') throw error;
    log(error.message);
    return undefined;
  }
}

function openActPorts(ports: MembershipControllerPorts, signal: AbortSignal): MembershipPorts {
  const { tools, files, adminConfigs, service, locks, clock, log } = ports;
  const { store, tables } = ports.connection();
  return {
    tools,
    files,
    adminConfigs,
    service,
    locks,
    clock,
    store,
    listFeatures: () => listEveryFeature(tables),
    report: (text) => log.info(text),
    warn: (text) => log.warn(text),
    signal,
  };
}

/** The daemon reports databases that are away. Here they are only tried again. */
function requeueWithoutDatabase(error: unknown): number {
  if (error instanceof CtrkitError && error.code === 'database') return RECONCILE_SOON_MS;
  throw error;
}
