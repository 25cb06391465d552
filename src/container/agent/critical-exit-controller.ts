import type { FeaturePolicy } from '../../contract/feature/feature-policy.ts';
import { isRebootExpected } from '../../contract/feature/switch-rows.ts';
import { decideCriticalExit, type CriticalEnd } from '../../decide/health/critical-exit.ts';
import { ContainerEnd, type ContainerEndPorts } from './container-end.ts';
import { RepeatLog } from '../../loop/repeat-log.ts';

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
  readonly #open = new Map<string, CriticalEnd>();
  readonly #log: RepeatLog;

  constructor(ports: CriticalExitPorts, mode: 'end' | 'report') {
    this.#ports = ports;
    this.containerEnd = new ContainerEnd(ports);
    this.#mode = mode;
    this.#log = new RepeatLog((text) => ports.log.error(text), ports.clock);
  }

  /** A critical process has ended. A check and a later event may both record the same end. */
  recordEnd(end: CriticalEnd, policy: FeaturePolicy): void {
    this.#open.set(`${end.group}:${end.process}`, end);
    this.reconcile(policy);
  }

  /** Decides again on every recorded end: `auto_restart` may have changed, and an end is logged once a minute. */
  reconcile({ autoRestart, rebootSinceMs }: FeaturePolicy): void {
    const isRebooting = isRebootExpected(rebootSinceMs, this.#ports.clock.bootMs());
    for (const [key, end] of this.#open) {
      const { kind, reason } = decideCriticalExit(end, {
        autoRestart,
        isRebooting,
        mode: this.#mode,
      });
      if (kind === 'end') return this.containerEnd.end(reason);
      // An event and a look tell of one end in different words; and it may be started again at once, to end again.
      this.#log.log(reason, `${key} ${end.state}`);
      // A process that supervisord has restarted needs no decision, once `auto_restart` is known.
      if (autoRestart === undefined) continue;
      if (!this.#ports.listEnds().some(({ group, process }) => `${group}:${process}` === key))
        this.#open.delete(key);
    }
  }
}
