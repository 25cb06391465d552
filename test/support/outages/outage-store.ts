import type { RowAddress, RowFields, RowValues, RowWrite } from '../../../src/contract/rows.ts';
import type { ConditionedRows, RowStore } from '../../../src/ports/row-store.ts';
import { connectionError, type FakeRedis, type RequestKind } from './fake-redis.ts';
import type { ModelProcess } from './model-process.ts';

/** As the adapter's. */
const CALL_TIMEOUT_MS = 2_000;
/** On its way to the server, at the most. */
const LONGEST_WAY_MS = 4;

export interface OutageStorePorts {
  /** Nobody is at the address that this client knows if undefined. */
  readonly findServer: () => FakeRedis | undefined;
  readonly process: ModelProcess;
  readonly random: () => number;
  /** The server has ended a connection that had answered. */
  readonly onLost: () => void;
  readonly onRequest: () => void;
}

/** The connections of one process to a server that may fail. */
export class OutageStore implements RowStore {
  readonly #ports: OutageStorePorts;
  #endCalls: (() => void) | undefined;
  /** On this connection. */
  #hasAnswered = false;
  #endWatch: (() => void) | undefined;
  #watching: RowStore | undefined;

  constructor(ports: OutageStorePorts) {
    this.#ports = ports;
  }

  get isWatching(): boolean {
    return this.#watching?.isWatching ?? false;
  }

  read(rows: readonly RowFields[]): Promise<RowValues[]> {
    return this.call('read', (server) => server.databases.open().read(rows));
  }

  readWithCondition(rows: readonly RowFields[]): Promise<ConditionedRows> {
    return this.call('read', async (server) => ({
      rows: await server.databases.open().read(rows),
      condition: {
        serverId: server.serverId,
        uptimeMs: server.uptimeMs,
        refusal: server.writeRefusal,
      },
    }));
  }

  list(table: string, prefix: string): Promise<RowAddress[]> {
    return this.call('read', (server) => server.databases.open().list(table, prefix));
  }

  write(guards: readonly RowValues[], writes: readonly RowWrite[]): Promise<boolean> {
    return this.call('write', (server) => server.databases.open().write(guards, writes));
  }

  async watch(rows: readonly RowAddress[], onChange: () => void): Promise<{ readonly refusal: string }> {
    this.closeWatch();
    const { process, findServer } = this.#ports;
    const server = findServer();
    if (server === undefined) throw connectionError('connect ECONNREFUSED');
    if (!server.hasEvents) return { refusal: 'NOPERM' };
    const store = server.databases.open();
    const end = (): void => {
      if (this.#watching === store) this.closeWatch();
      process.deliver(onChange);
    };
    this.#endWatch = end;
    this.#watching = store;
    server.connect(end);
    try {
      return await this.ask('watch', server, () => store.watch(rows, () => process.deliver(onChange)), end);
    } catch (error) {
      this.closeWatch();
      throw error;
    }
  }

  close(): void {
    this.closeWatch();
    if (this.#endCalls !== undefined) this.#ports.findServer()?.disconnect(this.#endCalls);
    this.#endCalls = undefined;
  }

  private closeWatch(): void {
    if (this.#endWatch !== undefined) this.#ports.findServer()?.disconnect(this.#endWatch);
    this.#endWatch = undefined;
    this.#watching?.close();
    this.#watching = undefined;
  }

  private async call<T>(kind: RequestKind, work: (server: FakeRedis) => Promise<T>): Promise<T> {
    const { process, findServer, onLost } = this.#ports;
    const server = findServer();
    if (server === undefined) throw connectionError('connect ECONNREFUSED');
    this.#endCalls ??= this.connect(server, onLost);
    const connection = this.#endCalls;
    try {
      const answer = await this.ask(kind, server, () => work(server), connection);
      if (this.#endCalls === connection) this.#hasAnswered = true;
      return answer;
    } catch (error) {
      // As the adapter: a call that has failed ends its connection, and the next one connects anew.
      server.disconnect(connection);
      if (this.#endCalls === connection) this.#endCalls = undefined;
      throw error;
    } finally {
      if (process.isDead) server.disconnect(connection);
    }
  }

  private connect(server: FakeRedis, onLost: () => void): () => void {
    const end = (): void => {
      if (this.#endCalls !== end) return;
      this.#endCalls = undefined;
      if (this.#hasAnswered) this.#ports.process.deliver(onLost);
    };
    this.#hasAnswered = false;
    server.connect(end);
    return end;
  }

  /** There and back within the time limit, as it reaches the process. */
  private ask<T>(
    kind: RequestKind,
    server: FakeRedis,
    work: () => Promise<T>,
    connection: () => void,
  ): Promise<T> {
    const { process, random, onRequest } = this.#ports;
    onRequest();
    const wayMs = Math.floor(random() * LONGEST_WAY_MS);
    const answer = (async () => {
      if (wayMs > 0) await process.sleep(wayMs);
      return server.ask(kind, work, connection);
    })();
    return new Promise((resolve, reject) => {
      const cancel = process.schedule(CALL_TIMEOUT_MS, () =>
        reject(connectionError(`no answer within ${CALL_TIMEOUT_MS} ms`)),
      );
      process.receive(answer).finally(cancel).then(resolve, reject);
    });
  }
}
