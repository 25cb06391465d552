import type { FeaturePolicy } from '../../contract/feature/feature-policy.ts';
import { isRebootExpected } from '../../contract/feature/switch-rows.ts';
import { decideCriticalExit, type CriticalEnd } from '../../decide/health/critical-exit.ts';
import { ContainerEnd, type ContainerEndPorts } from './container-end.ts';
import { REPEAT_AFTER_MS } from '../../loop/outage-log.ts';

export interface CriticalExitPorts extends ContainerEndPorts {
  /** The critical processes that have ended and have not been seen running since. */
  readonly listEnds: () => readonly CriticalEnd[];
}

/** Ends the container after a critical process has ended, if SONiC's `auto_restart` says so; otherwise logs the end. */
export class CriticalExitController {
  /** For whoever else has a reason to end the container. */
  readonly containerEnd: ContainerEnd;
  readonly #ports: CriticalExitPorts;
  readonly #mode: 'end' | 'report';
  /** The end of each process, and when it was logged last (boot clock). */
  readonly #open = new Map<string, { readonly end: CriticalEnd; saidMs: number | undefined }>();

  constructor(ports: CriticalExitPorts, mode: 'end' | 'report') {
    this.#ports = ports;
    this.containerEnd = new ContainerEnd(ports);
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
  reconcile({ autoRestart, rebootSinceMs }: FeaturePolicy): void {
    const isRebooting = isRebootExpected(rebootSinceMs, this.#ports.clock.bootMs());
    for (const [key, open] of this.#open) {
      const { kind, reason } = decideCriticalExit(open.end, {
        autoRestart,
        isRebooting,
        mode: this.#mode,
      });
      if (kind === 'end') return this.containerEnd.end(reason);
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
}
