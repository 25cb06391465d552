import type { Clock } from '../../ports/clock.ts';
import type { LastEnd } from '../../ports/last-end.ts';
import type { Log } from '../../ports/log.ts';

/** If supervisord has not ended by then, it is told again. */
const END_AGAIN_MS = 10_000;

export interface ContainerEndPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly lastEnd: LastEnd;
  /** Makes supervisord stop its programs and end, which ends the container; false if that is not possible. */
  readonly endSupervisor: () => boolean;
}

/** Ends the container, whatever the reason: supervisord is told to, and the reason is kept for the next start. */
export class ContainerEnd {
  readonly #ports: ContainerEndPorts;
  #endedMs: number | undefined;

  constructor(ports: ContainerEndPorts) {
    this.#ports = ports;
  }

  /** The first reason is the one that is kept. To be called again for as long as it holds. */
  end(reason: string): void {
    const { clock, log, lastEnd, endSupervisor } = this.#ports;
    const nowMs = clock.bootMs();
    if (this.#endedMs !== undefined && nowMs < this.#endedMs + END_AGAIN_MS) return;
    if (this.#endedMs === undefined) {
      log.error(`${reason}: ending supervisord, so that the container is started again`);
      lastEnd.write(`${new Date(clock.wallMs()).toISOString()} ${reason}`);
    }
    this.#endedMs = nowMs;
    if (!endSupervisor()) log.error(`${reason}: this user can't end supervisord; restart the container`);
  }
}
