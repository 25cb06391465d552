import { CtrkitError } from '../../../contract/errors.ts';
import { describeServer, type MasterConfig } from '../../../contract/cluster/master-config.ts';
import {
  decideMembership,
  isAnythingLeft,
  type MembershipDecision,
  type MembershipHistory,
  type MembershipTiming,
} from '../../../decide/cluster/membership.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import { Wakeup } from '../../../loop/wakeup.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ClusterTools } from '../../../ports/cluster-tools.ts';
import type { LockStore } from '../../../ports/lock-store.ts';
import type { Log } from '../../../ports/log.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { ServiceControl } from '../../../ports/service-control.ts';
import type { SwitchTables, TableChange } from '../../../ports/switch-tables.ts';
import { join } from '../../membership/join.ts';
import { leave } from '../../membership/leave.ts';
import type { MembershipPorts } from '../../membership/membership-ports.ts';
import { listEveryFeature } from '../../membership/list-features.ts';
import { readMembership } from '../../membership/read-membership.ts';
import type { DaemonComponent } from '../watch/daemon-component.ts';

/** No event tells of kubelet's file, and a database that was away may have missed some. */
const LOOK_EVERY_MS = 60_000;
/** Somebody else joins or leaves, or the database is away. */
const SOON_MS = 5_000;

export interface MembershipControllerPorts {
  readonly tools: ClusterTools;
  readonly service: ServiceControl;
  readonly locks: Pick<LockStore, 'list'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: MembershipTiming;
  readonly random: () => number;
  /** As of now. Throws CtrkitError('database') while there is none. */
  readonly connection: () => {
    readonly store: Pick<RowStore, 'read' | 'write'>;
    readonly tables: Pick<SwitchTables, 'listFeatures'>;
  };
  /** Undefined if a command joins or leaves at this moment, or a tool still does. */
  readonly takeTurn: () => Promise<(() => void) | undefined>;
  /** `problems`, or whether it has joined, is another one now. */
  readonly onChange: () => void;
}

type MembershipAct = Extract<MembershipDecision, { kind: 'join' | 'leave' }>;

/** Joins and leaves by itself, as CONFIG_DB `KUBERNETES_MASTER|SERVER` has it. One act at a time, on this host. */
export class MembershipController implements DaemonComponent {
  readonly #ports: MembershipControllerPorts;
  readonly #wakeup: Wakeup;
  readonly #outage: OutageLog;
  readonly #spread: number;
  #history: MembershipHistory;
  /** The server that the history is about. */
  #about = '';
  #isJoined: boolean | undefined;
  #problem = '';
  #said = '';

  constructor(ports: MembershipControllerPorts) {
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#outage = new OutageLog(ports.log, ports.clock);
    this.#spread = ports.random();
    this.#history = this.beginHistory();
  }

  /** For the daemon's view: why it does not join or leave, though it should. */
  get problems(): readonly string[] {
    return this.#problem === '' ? [] : [this.#problem];
  }

  connect(): void {
    this.#wakeup.notify();
  }

  observeChange({ db, table }: TableChange): void {
    if (db === 'config' && table === 'KUBERNETES_MASTER') this.#wakeup.notify();
  }

  /** It asks for the databases anew each time, and ends by the signal of `run`. */
  disconnect(): void {}
  close(): void {}

  /** Until `signal` aborts: what is under way is then ended, and the next daemon goes on. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wakeup.notify(), { once: true });
    while (!signal.aborted) {
      const waitMs = await this.look(signal);
      if (!signal.aborted) await this.#wakeup.sleep(waitMs);
    }
  }

  /** Returns in how many milliseconds to look again, whatever happens. */
  private async look(signal: AbortSignal): Promise<number> {
    try {
      const { config, status } = await readMembership({
        ...this.#ports,
        store: this.#ports.connection().store,
      });
      const { clock, timing } = this.#ports;
      this.notePresent(config, status.isJoined);
      const nowMs = clock.bootMs();
      const decision = decideMembership(config, status, this.#history, { timing, nowMs });
      if (decision.kind === 'wrong') {
        this.report(decision.text);
        return LOOK_EVERY_MS;
      }
      if (decision.kind !== 'nothing') return await this.act(decision, signal);
      this.say(decision.text);
      if (decision.untilMs === undefined) this.settle();
      return Math.min(LOOK_EVERY_MS, (decision.untilMs ?? Infinity) - nowMs);
    } catch (error) {
      // The daemon says it of the databases; here it is looked for again.
      if (error instanceof CtrkitError && error.code === 'database') return SOON_MS;
      throw error;
    }
  }

  private notePresent(config: MasterConfig, isJoined: boolean): void {
    const about = JSON.stringify([describeServer(config), config.isDisabled, config.isInsecure]);
    if (about !== this.#about) this.#history = this.beginHistory();
    this.#about = about;
    if (isJoined === this.#isJoined) return;
    this.#isJoined = isJoined;
    this.#ports.onChange();
  }

  private async act({ kind, text }: MembershipAct, signal: AbortSignal): Promise<number> {
    const giveBack = await this.#ports.takeTurn();
    if (giveBack === undefined) {
      this.say(
        'a command joins or leaves at this moment, or a tool that an earlier one has begun: it is left to it',
      );
      return SOON_MS;
    }
    try {
      this.say(text);
      const failure = await (kind === 'leave' ? this.leave(signal) : this.join(signal));
      if (signal.aborted) return 0;
      if (failure !== undefined) this.fail(`the switch can't ${kind}: ${failure}`);
      else this.settle();
    } finally {
      giveBack();
    }
    return 0;
  }

  /** Why it has failed, undefined if it has not. */
  private leave(signal: AbortSignal): Promise<string | undefined> {
    return this.attempt(async () => {
      const outcome = await leave({ isForced: false, disable: false }, this.actPorts(signal));
      if (outcome.kind === 'refused') return outcome.text;
      // Or it would be looked for, found and done again without a pause.
      const { status } = await readMembership(this.actPorts(signal));
      if (isAnythingLeft(status)) return 'it was done, and something is still there: ctrkit kube status';
      if (outcome.kind === 'left') this.#ports.log.info('the switch has left its master');
      return undefined;
    });
  }

  private join(signal: AbortSignal): Promise<string | undefined> {
    return this.attempt(async () => {
      const outcome = await join({ isForced: false, configPath: undefined }, this.actPorts(signal));
      if (outcome.kind === 'refused') return outcome.text;
      this.#ports.log.info(outcome.text);
      return undefined;
    });
  }

  private async attempt(work: () => Promise<string | undefined>): Promise<string | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code === 'defect') throw error;
      return error.message;
    }
  }

  private actPorts(signal: AbortSignal): MembershipPorts {
    const { connection, log } = this.#ports;
    const { store, tables } = connection();
    return {
      ...this.#ports,
      store,
      listFeatures: () => listEveryFeature(tables),
      say: (text) => log.info(text),
      warn: (text) => log.warn(text),
      signal,
    };
  }

  private fail(text: string): void {
    const lastFailureMs = this.#ports.clock.bootMs();
    this.#history = { ...this.#history, failures: this.#history.failures + 1, lastFailureMs };
    this.report(text);
  }

  private report(text: string): void {
    this.#outage.fail(text);
    if (text === this.#problem) return;
    this.#problem = text;
    this.#ports.onChange();
  }

  private settle(): void {
    this.#history = { ...this.#history, failures: 0 };
    this.#outage.mend('joining and leaving: all is as it should be again');
    if (this.#problem === '') return;
    this.#problem = '';
    this.#ports.onChange();
  }

  /** What has not changed, but for the time that is left, needs no second line. */
  private say(text: string): void {
    const fingerprint = text.replace(/ in [^;]*$/, '');
    if (fingerprint !== this.#said) this.#ports.log.info(text);
    this.#said = fingerprint;
  }

  private beginHistory(): MembershipHistory {
    const spread = this.#spread;
    return { sinceMs: this.#ports.clock.bootMs(), failures: 0, lastFailureMs: 0, spread };
  }
}
