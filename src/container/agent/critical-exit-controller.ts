import type { FeaturePolicy } from '../../contract/feature/feature-policy.ts';
import { decideCriticalExit, type CriticalEnd } from '../../decide/health/critical-exit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LastEnd } from '../../ports/last-end.ts';
import type { Log } from '../../ports/log.ts';
import { SAY_AGAIN_MS } from '../../loop/outage-log.ts';

/** supervisord is told again if nothing has come of it. */
const END_AGAIN_MS = 10_000;

export interface CriticalExitPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly lastEnd: LastEnd;
  /** The critical processes that have ended and were not seen to run again. */
  listEnds(): readonly CriticalEnd[];
  /** Has supervisord stop its programs and end, and the container with it; false if that can't be done. */
  endSupervisor(): boolean;
}

/** Ends the container for a critical process that has ended, where SONiC's `auto_restart` wants it; else reports it. */
export class CriticalExit {
  readonly #ports: CriticalExitPorts;
  readonly #mode: 'end' | 'report';
  /** Ends that were told, and when, on the boot clock, they were reported last. */
  readonly #open = new Map<string, { readonly end: CriticalEnd; saidMs: number | undefined }>();
  #endedMs: number | undefined;

  constructor(ports: CriticalExitPorts, mode: 'end' | 'report') {
    this.#ports = ports;
    this.#mode = mode;
  }

  /** A critical process has ended: told by a look at it, maybe, and once more by an event that came later. */
  note(end: CriticalEnd, policy: FeaturePolicy): void {
    const key = `${end.group}:${end.process}`;
    const before = this.#open.get(key);
    this.#open.set(key, { end, saidMs: before?.end.text === end.text ? before.saidMs : undefined });
    this.look(policy);
  }

  /** Decides on what has ended so far: `auto_restart` may have become known, or another, and a report is a minute old. */
  look({ autoRestart }: FeaturePolicy): void {
    for (const [key, open] of this.#open) {
      const { kind, reason } = decideCriticalExit(open.end, { autoRestart, mode: this.#mode });
      if (kind === 'end') return this.end(reason);
      this.report(open, reason);
      // supervisord has started it again, and nothing more comes of it; but what `auto_restart` says is to be known first.
      if (autoRestart === undefined) continue;
      if (!this.#ports.listEnds().some(({ group, process }) => `${group}:${process}` === key))
        this.#open.delete(key);
    }
  }

  private report(open: { saidMs: number | undefined }, reason: string): void {
    const nowMs = this.#ports.clock.bootMs();
    if (open.saidMs !== undefined && nowMs < open.saidMs + SAY_AGAIN_MS) return;
    open.saidMs = nowMs;
    this.#ports.log.error(reason);
  }

  private end(reason: string): void {
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
