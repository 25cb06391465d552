import { connect } from 'node:net';

/** Much shorter than the second for which supervisord sleeps; a connection costs it almost nothing. */
const EVERY_MS = 50;
const DEFAULT_SOCKET = '/var/run/supervisor.sock';

/**
 * Makes a stop of supervisord faster. As it stops, supervisord ends one group of programs after the other, and sleeps up
 * to a second in between unless one of its sockets becomes readable (supervisor 4.2, supervisord.py,
 * ordered_stop_groups). That time is lost from the container's grace period before this agent's turn comes. A connection
 * without a request wakes it up. Returns a function that ends this.
 */
export function hastenStop(socketPath = DEFAULT_SOCKET): () => void {
  const timer = setInterval(() => {
    const socket = connect(socketPath, () => socket.destroy());
    // supervisord closes its socket last of all.
    socket.on('error', () => clearInterval(timer));
  }, EVERY_MS);
  return () => clearInterval(timer);
}
