import { setTimeout as sleep } from 'node:timers/promises';
import { ownRecord, planRelease } from '../../contract/gate/claim.ts';
import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { RowValues } from '../../contract/rows.ts';
import { DATABASE_BACKOFF, decideBackoffMs } from '../../loop/backoff.ts';
import { decodeSnapshot, selectStartupRows } from '../../decide/gate/startup-snapshot.ts';
import { isMirrored, planVerdict } from '../../decide/gate/startup-writes.ts';
import {
  decideStartup,
  type Progress,
  type StartupDecision,
  type Verdict,
} from '../../decide/gate/startup.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { OutageLog, SAY_AGAIN_MS } from '../../loop/outage-log.ts';
import { Wakeup } from '../../loop/wakeup.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { AgentNotice } from './agent-notice.ts';
import { leaveClaim, PARENT_POLL_MS, type GatePorts, type GateRequest, type GateResult } from './gate.ts';
import { HoldNotice } from './hold-notice.ts';

/** Behind the events, for a server that sends none. */
const SLOW_POLL_MS = 5_000;
/** Guards that fail this often in a row are not other containers: a row holds what no guard can compare. */
const MAX_CONFLICTS = 500;

/** A claim that can't be left for the agent is given back; asking for the feature again at once helps nobody. */
const UNLEFT_PAUSE_MS = 10_000;

/** One reading of the databases, and what follows from it. */
interface Look {
  readonly rows: RowValues[];
  readonly decision: StartupDecision;
}

/**
 * Owner kube: reads, decides, does what the decision says, and sleeps until a row it read changes; for as long as
 * the deployment is unwanted. Whatever goes wrong with a database, it never lets the application go ungated.
 */
export class KubeGate {
  readonly #request: GateRequest;
  readonly #ports: GatePorts;
  readonly #outage: OutageLog;
  readonly #wakeup: Wakeup;
  #progress: Progress = { kind: 'new' };
  /** Since the databases last answered. */
  #failures = 0;
  #notice: HoldNotice | undefined;
  readonly #agentNotice: AgentNotice;
  /** When, on the boot clock, which line was said. */
  readonly #said = new Map<string, number>();

  constructor(request: GateRequest, ports: GatePorts) {
    this.#request = request;
    this.#ports = ports;
    this.#wakeup = new Wakeup(ports.clock);
    this.#outage = new OutageLog(ports.log, ports.clock);
    this.#agentNotice = new AgentNotice(ports.gateNoticeFile, ports.log);
  }

  async pass(): Promise<GateResult> {
    for (;;) {
      let store: RowStore | undefined;
      let pauseMs: number;
      try {
        const databases = this.#ports.findDatabases();
        for (const warning of databases.warnings) this.say(warning);
        store = this.#ports.openStore(databases);
        return await this.passWith(store, databases);
      } catch (error) {
        if (!(error instanceof CtrkitError) || error.code === 'usage') throw error;
        this.#failures += 1;
        this.#notice?.forget();
        this.#outage.fail(`${this.#request.claim.feature}: waiting, not started: ${error.message}`);
        this.#agentNotice.putOutage(`waiting, not started: ${error.message}`);
        pauseMs = decideBackoffMs(DATABASE_BACKOFF, this.#failures, this.#ports.random());
      } finally {
        store?.close();
      }
      if (!(await this.pause(pauseMs))) return 'orphaned';
    }
  }

  /** False when nobody waits for the answer any more. */
  private async pause(pauseMs: number): Promise<boolean> {
    const dueMs = this.#ports.clock.bootMs() + pauseMs;
    for (;;) {
      const leftMs = dueMs - this.#ports.clock.bootMs();
      if (leftMs <= 0) return true;
      await sleep(Math.min(leftMs, PARENT_POLL_MS));
      if (this.#ports.isOrphaned()) return false;
    }
  }

  private async passWith(store: RowStore, databases: Databases): Promise<GateResult> {
    const { claim, once } = this.#request;
    const notice = (this.#notice ??= new HoldNotice(claim, databases.state.separator, this.#ports));
    for (let conflicts = 0; conflicts < MAX_CONFLICTS;) {
      if (this.#ports.isOrphaned()) return 'orphaned';
      const look = await this.look(store, databases);
      if (!(await this.act(look, store, { databases, notice }))) {
        conflicts += 1;
        // Others write the same rows: each at its own time.
        await sleep(this.#ports.random() * Math.min(conflicts, 50));
        continue;
      }
      conflicts = 0;
      const { verdict } = look.decision;
      if (verdict.kind === 'go') {
        if (await this.leave(store, databases, look)) return 'go';
        if (await this.pause(UNLEFT_PAUSE_MS)) continue;
        return 'orphaned';
      }
      this.#progress = look.decision.progress;
      if (once && verdict.kind === 'hold') return this.holdForGood(store, notice, verdict);
      // A change between the reading and the subscription would be lost: read once more, then sleep.
      if (!store.isWatching) await this.watch(store, look);
      else if (!(await this.sleepUntilChange(look, notice))) return 'orphaned';
    }
    const { feature } = claim;
    throw new CtrkitError(
      'database',
      `the rows of ${feature} change with every look, or hold text that is not UTF-8`,
    );
  }

  private async look(store: RowStore, databases: Databases): Promise<Look> {
    const { claim } = this.#request;
    const { feature, version } = claim;
    const rows = await store.read(selectStartupRows(feature, version, databases.asic));
    this.#failures = 0;
    this.#outage.mend(`${feature}: the database is back`);
    const { clock } = this.#ports;
    const now = readTimestamps(clock);
    const decision = decideStartup(decodeSnapshot(rows, feature, version), claim, this.#progress, now);
    if (decision.note !== undefined) this.say(decision.note);
    return { rows, decision };
  }

  /** Writes what the verdict asks for; false if a row changed since it was read. */
  private async act(
    look: Look,
    store: RowStore,
    by: { databases: Databases; notice: HoldNotice },
  ): Promise<boolean> {
    const { verdict } = look.decision;
    const { claim } = this.#request;
    if (verdict.kind === 'hold') {
      this.#said.clear();
      this.#agentNotice.put('held', `held (${verdict.reason}): ${verdict.text}`);
      const writes = by.notice.put(verdict);
      return writes.length === 0 || store.write([], writes);
    }
    if (verdict.kind === 'wait') {
      this.say(verdict.text);
      this.#agentNotice.put('waiting', verdict.text);
    }
    const asic = isMirrored(look.rows) ? by.databases.asic : undefined;
    const writes = planVerdict(verdict, claim, readTimestamps(this.#ports.clock), asic);
    const all = [...writes, ...by.notice.planLift()];
    if (all.length > 0 && !(await store.write(look.rows, all))) return false;
    by.notice.lifted();
    return true;
  }

  /**
   * The claim is recorded; without its file nobody would renew it, and another container would be let in beside.
   * False if it had to be given back.
   */
  private async leave(store: RowStore, databases: Databases, look: Look): Promise<boolean> {
    const { claim } = this.#request;
    const { clock, log } = this.#ports;
    try {
      leaveClaim(this.#request, this.#ports, { isRecorded: true, isMirrored: isMirrored(look.rows) });
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      await store.write([ownRecord(claim)], [planRelease(claim, clock.wallMs())]);
      this.say(
        `not started, the claim is given back: ${error.message}. Mend the folder; asking again every 10 s`,
      );
      return false;
    }
    this.#agentNotice.lift();
    log.info(`${claim.feature}: go: kube, version ${claim.version}, container ${claim.dockerId}`, {
      feature: claim.feature,
      databases: databases.source,
    });
    return true;
  }

  private async watch(store: RowStore, { rows }: Look): Promise<void> {
    await store.watch(
      rows.map((row) => row.address),
      this.#wakeup.notify,
    );
  }

  /** False when nobody waits for the answer any more. */
  private async sleepUntilChange({ decision }: Look, notice: HoldNotice): Promise<boolean> {
    const { clock } = this.#ports;
    const dueMs = Math.min(
      clock.bootMs() + SLOW_POLL_MS,
      decision.requeueAtMs ?? Infinity,
      notice.renewalMs ?? Infinity,
    );
    for (;;) {
      const leftMs = dueMs - clock.bootMs();
      if (leftMs <= 0) return true;
      if (await this.#wakeup.sleep(Math.min(leftMs, PARENT_POLL_MS))) return true;
      if (this.#ports.isOrphaned()) return false;
    }
  }

  private async holdForGood(
    store: RowStore,
    notice: HoldNotice,
    verdict: Extract<Verdict, { kind: 'hold' }>,
  ): Promise<GateResult> {
    for (;;) {
      const writes = notice.put(verdict);
      if (writes.length > 0)
        await store.write([], writes).catch((error: Error) => this.#outage.fail(error.message));
      await this.#wakeup.sleep(PARENT_POLL_MS);
      if (this.#ports.isOrphaned()) return 'orphaned';
    }
  }

  /** What has not changed is said at once, and then once a minute. */
  private say(text: string): void {
    const nowMs = this.#ports.clock.bootMs();
    if (nowMs < (this.#said.get(text) ?? -SAY_AGAIN_MS) + SAY_AGAIN_MS) return;
    this.#said.set(text, nowMs);
    this.#ports.log.info(`${this.#request.claim.feature}: ${text}`);
  }
}
