import type { FeaturePolicy } from '../../contract/feature/feature-policy.ts';
import { decideCriticalExit, type CriticalEnd } from '../../decide/health/critical-exit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LastEnd } from '../../ports/last-end.ts';
import type { Log } from '../../ports/log.ts';
import { REPEAT_AFTER_MS } from '../../loop/outage-log.ts';

/** If supervisord has not ended by then, it is told again. */
const END_AGAIN_MS = 10_000;

export interface CriticalExitPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly lastEnd: LastEnd;
  /** The critical processes that have ended and have not been seen running since. */
  readonly listEnds: () => readonly CriticalEnd[];
  /** Makes supervisord stop its programs and end, which ends the container; false if that is not possible. */
  readonly endSupervisor: () => boolean;
}

/** Ends the container after a critical process has ended, if SONiC's `auto_restart` says so; otherwise logs the end. */
export class CriticalExitController {
  readonly #ports: CriticalExitPorts;
  readonly #mode: 'end' | 'report';
  /** The end of each process, and when it was logged last (boot clock). */
  readonly #open = new Map<string, { readonly end: CriticalEnd; saidMs: number | undefined }>();
  #endedMs: number | undefined;

  constructor(ports: CriticalExitPorts, mode: 'end' | 'report') {
    this.#ports = ports;
    this.#mode = mode;
  }

  /** A critical process has ended. A check and a later event may both record the same end. */
  recordEnd(end: CriticalEnd, policy: FeaturePolicy): void {
    const key = `${end.group}:${end.process}`;
    const before = this.#open.get(key);
    this.#open.set(key, { end, saidMs: before?.end.text === end.text ? before.saidMs : undefined });
    this.reconcile(policy);
  }

  /** Decides again on every recorded end: `auto_restart` may have changed, and an end is logged once a minute. */
  reconcile({ autoRestart }: FeaturePolicy): void {
    for (const [key, open] of this.#open) {
      const { kind, reason } = decideCriticalExit(open.end, { autoRestart, mode: this.#mode });
      if (kind === 'end') return this.#endContainer(reason);
      this.#report(open, reason);
      // A process that supervisord has restarted needs no decision, once `auto_restart` is known.
      if (autoRestart === undefined) continue;
      if (!this.#ports.listEnds().some(({ group, process }) => `${group}:${process}` === key))
        this.#open.delete(key);
    }
  }

  #report(open: { saidMs: number | undefined }, reason: string): void {
    const nowMs = this.#ports.clock.bootMs();
    if (open.saidMs !== undefined && nowMs < open.saidMs + REPEAT_AFTER_MS) return;
    open.saidMs = nowMs;
    this.#ports.log.error(reason);
  }

  #endContainer(reason: string): void {
    const { clock, log, lastEnd } = this.#ports;
    const nowMs = clock.bootMs();
    if (this.#endedMs !== undefined && nowMs < this.#endedMs + END_AGAIN_MS) return;
    if (this.#endedMs === undefined) {
      log.error(`${reason}: ending supervisord, so that the container is started again`);
      lastEnd.write(`${new Date(clock.wallMs()).toISOString()} ${reason}`);
    }
    this.#endedMs = nowMs;
    if (!this.#ports.endSupervisor())
      log.error(`${reason}: this user can't end supervisord; restart the container`);
  }
}
