import type { UnitState } from '../../../contract/feature/unit-state.ts';
import { OutageLog } from '../../../loop/outage-log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import type { ServiceControl } from '../../../ports/service-control.ts';

/** Each question starts a process. A passing state is asked for again soon, a lasting one seldom. */
const PASSING_STATE_MS = 1_000;
const LASTING_STATE_MS = 30_000;

interface KnownState {
  readonly state: UnitState | undefined;
  /** Boot clock: when to ask again. */
  readonly untilMs: number;
}

export interface UnitWatchPorts {
  readonly service: Pick<ServiceControl, 'readState'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What systemd answered last about units. It is asked only about the units that `findState` is called for. */
export class UnitWatch {
  readonly #ports: UnitWatchPorts;
  readonly #outage: OutageLog;
  readonly #known = new Map<string, KnownState>();
  /** Features whose unit is being asked for. */
  readonly #asking = new Set<string>();

  constructor(ports: UnitWatchPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /**
   * The state as systemd answered last, undefined before that. Asks again in the background if the answer is old, and
   * calls `onChange` if that brings another state.
   */
  findState(feature: string, onChange: () => void): UnitState | undefined {
    const known = this.#known.get(feature);
    const isOld = known === undefined || this.#ports.clock.bootMs() >= known.untilMs;
    if (isOld && !this.#asking.has(feature)) void this.#askSystemd(feature, onChange);
    return known?.state;
  }

  /** The state does not matter any more, and will be another one when it does again. */
  forget(feature: string): void {
    this.#known.delete(feature);
  }

  async #askSystemd(feature: string, onChange: () => void): Promise<void> {
    const { service, clock } = this.#ports;
    this.#asking.add(feature);
    const last = this.#known.get(feature)?.state;
    let state: UnitState | undefined;
    let waitMs = LASTING_STATE_MS;
    try {
      state = await service.readState(feature);
      waitMs = state === 'inactive' || state === 'failed' ? LASTING_STATE_MS : PASSING_STATE_MS;
      this.#outage.logRecovery('units can be asked for again');
    } catch (error) {
      this.#outage.logFailure(
        `${(error as Error).message}; a service that is down counts as stopped meanwhile`,
      );
    }
    this.#asking.delete(feature);
    this.#known.set(feature, { state, untilMs: clock.bootMs() + waitMs });
    if (state !== last) onChange();
  }
}
