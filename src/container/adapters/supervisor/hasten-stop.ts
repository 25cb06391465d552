import { connect } from 'node:net';
import type { Clock } from '../../../ports/clock.ts';

/** Much shorter than the second for which supervisord sleeps; a connection costs it almost nothing. */
const EVERY_MS = 50;
/** Two seconds of those. A program that has not ended by then takes its time, and half a second of supervisord's is little. */
const BRISK_COUNT = 40;
const THEN_EVERY_MS = 500;
const DEFAULT_SOCKET = '/var/run/supervisor.sock';

export interface StopHastening {
  /** The stop goes on: the next group of programs has its turn. */
  readonly renew: () => void;
  readonly end: () => void;
}

/**
 * Makes a stop of supervisord faster. As it stops, supervisord ends one group of programs after the other, and sleeps up
 * to a second in between unless one of its sockets becomes readable (supervisor 4.2, supervisord.py,
 * ordered_stop_groups). That time is lost from the container's grace period before this agent's turn comes. A connection
 * without a request wakes it up: every 50 ms, and where nothing has happened for 2 s, every 500 ms.
 */
export function hastenStop(clock: Pick<Clock, 'schedule'>, socketPath = DEFAULT_SOCKET): StopHastening {
  let count = 0;
  let isEnded = false;
  let cancel = (): void => {};
  const plan = (): void => {
    cancel();
    if (!isEnded) cancel = clock.schedule(count < BRISK_COUNT ? EVERY_MS : THEN_EVERY_MS, wake);
  };
  const end = (): void => {
    isEnded = true;
    cancel();
  };
  const wake = (): void => {
    count += 1;
    const socket = connect(socketPath, () => socket.destroy());
    // supervisord closes its socket last of all.
    socket.on('error', end);
    plan();
  };
  const renew = (): void => {
    // Events come in bursts: a wake-up that is due in 50 ms must not be put off by each of them.
    const wasSlow = count >= BRISK_COUNT;
    count = 0;
    if (wasSlow) plan();
  };
  plan();
  return { renew, end };
}
