import type { FeaturePolicy } from '../../contract/feature/feature-policy.ts';
import { decideCriticalExit, type CriticalEnd } from '../../decide/health/critical-exit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LastEnd } from '../../ports/last-end.ts';
import type { Log } from '../../ports/log.ts';
import { REPEAT_AFTER_MS } from '../../loop/outage-log.ts';

/** supervisord is told to end again after this, where it did not. */
const END_AGAIN_MS = 10_000;

export interface CriticalExitPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly lastEnd: LastEnd;
  /** The critical processes that have ended and were not seen to run again. */
  readonly listEnds: () => readonly CriticalEnd[];
  /** Has supervisord stop its programs and end, and the container with it; false if that can't be done. */
  readonly endSupervisor: () => boolean;
}

/** Ends the container for a critical process that has ended, where SONiC's `auto_restart` wants it; else reports it. */
export class CriticalExitController {
  readonly #ports: CriticalExitPorts;
  readonly #mode: 'end' | 'report';
  /** By process: ends that still count, and when, on the boot clock, they were reported last. */
  readonly #open = new Map<string, { readonly end: CriticalEnd; saidMs: number | undefined }>();
  #endedMs: number | undefined;

  constructor(ports: CriticalExitPorts, mode: 'end' | 'report') {
    this.#ports = ports;
    this.#mode = mode;
  }

  /** A critical process has ended. The same end may be recorded twice, by a check and by an event that comes later. */
  recordEnd(end: CriticalEnd, policy: FeaturePolicy): void {
    const key = `${end.group}:${end.process}`;
    const before = this.#open.get(key);
    this.#open.set(key, { end, saidMs: before?.end.text === end.text ? before.saidMs : undefined });
    this.reconcile(policy);
  }

  /** Decides anew on every end that still counts: `auto_restart` may have changed, and a report may be a minute old. */
  reconcile({ autoRestart }: FeaturePolicy): void {
    for (const [key, open] of this.#open) {
      const { kind, reason } = decideCriticalExit(open.end, { autoRestart, mode: this.#mode });
      if (kind === 'end') return this.#endContainer(reason);
      this.#report(open, reason);
      // Once `auto_restart` is known, a process that supervisord has started again needs no decision any more.
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
