import type { UnitState } from '../../../contract/feature/unit-state.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import type { ServiceControl } from '../../../ports/service-control.ts';

/** Each question is a process: what passes by itself is asked for often, what stays seldom. */
const SHORT_MS = 1_000;
const LONG_MS = 30_000;

interface Known {
  readonly state: UnitState | undefined;
  /** Boot clock: when to ask again. */
  readonly untilMs: number;
}

export interface UnitWatchPorts {
  readonly service: Pick<ServiceControl, 'state'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What systemd said of units a moment ago; asked only of those that are looked at here. */
export class UnitWatch {
  readonly #ports: UnitWatchPorts;
  readonly #outage: OutageLog;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Set<string>();

  constructor(ports: UnitWatchPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /** Undefined until systemd has answered; `onChange` is called when it has answered something else. */
  findState(feature: string, onChange: () => void): UnitState | undefined {
    const known = this.#known.get(feature);
    const isOld = known === undefined || this.#ports.clock.bootMs() >= known.untilMs;
    if (isOld && !this.#asking.has(feature)) void this.ask(feature, onChange);
    return known?.state;
  }

  /** Its state matters no more; by the time it does again it is another. */
  forget(feature: string): void {
    this.#known.delete(feature);
  }

  private async ask(feature: string, onChange: () => void): Promise<void> {
    const { service, clock } = this.#ports;
    this.#asking.add(feature);
    const before = this.#known.get(feature)?.state;
    let state: UnitState | undefined;
    let waitMs = LONG_MS;
    try {
      state = await service.state(feature);
      waitMs = state === 'inactive' || state === 'failed' ? LONG_MS : SHORT_MS;
      this.#outage.mend('units can be asked for again');
    } catch (error) {
      this.#outage.fail(`${(error as Error).message}; a service that is down counts as stopped meanwhile`);
    }
    this.#asking.delete(feature);
    this.#known.set(feature, { state, untilMs: clock.bootMs() + waitMs });
    if (state !== before) onChange();
  }
}
