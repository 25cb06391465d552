import type { FeaturePolicy } from '../../contract/feature/feature-policy.ts';
import { isRebootExpected } from '../../contract/feature/switch-rows.ts';
import { decideCriticalExit, type CriticalEnd } from '../../decide/health/critical-exit.ts';
import { describeNotRunning, describeTermination } from '../../decide/health/exit-listener-text.ts';
import { ContainerEnd, type ContainerEndPorts } from './container-end.ts';
import { RepeatLog } from '../../loop/repeat-log.ts';

export interface CriticalExitPorts extends ContainerEndPorts {
  /** The critical processes that have ended and have not been seen running since. */
  readonly listEnds: () => readonly CriticalEnd[];
  /** `host`, or the namespace of this container's ASIC. */
  readonly namespace: string;
  /** The feature's name; empty where nothing says it. */
  readonly findFeature: () => string;
}

/** An end that is not done with. */
interface OpenEnd {
  readonly end: CriticalEnd;
  /** Boot clock. */
  readonly sinceMs: number;
  /** So many minutes of it were told in the words of SONiC's exit listener. */
  toldMinutes: number;
}

const MINUTE_MS = 60_000;

/** Ends the container after a critical process has ended, if SONiC's `auto_restart` says so; otherwise logs the end. */
export class CriticalExitController {
  /** For whoever else has a reason to end the container. */
  readonly containerEnd: ContainerEnd;
  readonly #ports: CriticalExitPorts;
  readonly #mode: 'end' | 'report';
  readonly #open = new Map<string, OpenEnd>();
  readonly #log: RepeatLog;
  #isEnding = false;

  constructor(ports: CriticalExitPorts, mode: 'end' | 'report') {
    this.#ports = ports;
    this.containerEnd = new ContainerEnd(ports);
    this.#mode = mode;
    this.#log = new RepeatLog((text) => ports.log.error(text), ports.clock);
  }

  /** A critical process has ended. A check and a later event may both record the same end. */
  recordEnd(end: CriticalEnd, policy: FeaturePolicy): void {
    const key = keyOf(end);
    const known = this.#open.get(key) ?? { sinceMs: this.#ports.clock.bootMs(), toldMinutes: 0 };
    this.#open.set(key, { ...known, end });
    this.reconcile(policy);
  }

  /** Decides again on every recorded end: `auto_restart` may have changed, and an end is logged once a minute. */
  reconcile({ autoRestart, rebootSinceMs }: FeaturePolicy): void {
    const isRebooting = isRebootExpected(rebootSinceMs, this.#ports.clock.bootMs());
    for (const [key, open] of this.#open) {
      const { end } = open;
      const { kind, reason } = decideCriticalExit(end, {
        autoRestart,
        isRebooting,
        mode: this.#mode,
      });
      if (kind === 'end') return this.#endContainer(end, reason);
      // An event and a look tell of one end in different words; and it may be started again at once, to end again.
      this.#log.log(reason, `${key} ${end.state}`);
      if (this.#ports.listEnds().some((still) => keyOf(still) === key)) this.#alert(open);
      // A process that supervisord has restarted needs no decision, once `auto_restart` is known.
      else if (autoRestart !== undefined) this.#open.delete(key);
    }
  }

  #endContainer({ process }: CriticalEnd, reason: string): void {
    if (!this.#isEnding) this.#ports.log.info(describeTermination(process, this.#ports.findFeature()));
    this.#isEnding = true;
    this.containerEnd.end(reason);
  }

  /** In the words of SONiC's exit listener, which ignores an expected end, and has the job itself in the mode `report`. */
  #alert(open: OpenEnd): void {
    if (open.end.isExpected || this.#mode === 'report') return;
    const minutes = Math.floor((this.#ports.clock.bootMs() - open.sinceMs) / MINUTE_MS);
    if (minutes <= open.toldMinutes) return;
    open.toldMinutes = minutes;
    this.#ports.log.error(describeNotRunning(open.end.process, minutes, this.#ports.namespace));
  }
}

const keyOf = ({ group, process }: Pick<CriticalEnd, 'group' | 'process'>): string => `${group}:${process}`;
