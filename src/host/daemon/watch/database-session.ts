import { CtrkitError } from '../../../contract/errors.ts';
import type { TableChange } from '../../../ports/switch-tables.ts';
import type { Connection } from './daemon-component.ts';
import { WATCHED_TABLES } from './watched-tables.ts';

/** The daemon's connection to the switch's databases, and the watch on their tables. */
export class DatabaseSession {
  readonly #connect: () => Connection;
  #connection: Connection | undefined;
  #isWatching = false;

  /** `connect` is called anew after each outage: files and servers come and go. */
  constructor(connect: () => Connection) {
    this.#connect = connect;
  }

  /**
   * The connection that is open. Throws CtrkitError('database') while there is none: one that was closed would open itself
   * again, and nobody would close it.
   */
  get connection(): Connection {
    if (this.#connection === undefined) throw new CtrkitError('database', 'the databases are out of reach');
    return this.#connection;
  }

  /**
   * Connects and watches, as far as that is not so. True if the watch is new: everything has to be read then. `onEnd` is
   * called when the server has ended the watch. Throws CtrkitError('usage') or CtrkitError('database').
   */
  async open(onChange: (change: TableChange) => void, onEnd: () => void): Promise<boolean> {
    this.#connection ??= this.#connect();
    if (this.#isWatching) return false;
    await this.#connection.tables.watch(WATCHED_TABLES, onChange, () => {
      this.#isWatching = false;
      onEnd();
    });
    this.#isWatching = true;
    return true;
  }

  /** Ends a call that waits for an answer. The connection can't be used any more, `close` has to follow. */
  interrupt(): void {
    this.#connection?.close();
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#isWatching = false;
  }
}
