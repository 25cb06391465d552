import type { IncomingMessage } from 'node:http';
import { CtrkitError } from '../../../contract/errors.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../../text/printable.ts';
import type { Removal } from '../../../ports/container-engine.ts';
import type { EngineConnection } from './engine-connection.ts';
import type { EngineLimits } from './engine-limits.ts';

const OK = 200;
export const MISSING = 404;
export const CONFLICT = 409;

export interface EngineCall {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** For people: completes "the engine refused to". */
  readonly purpose: string;
}

/** The kinds of calls on the engine, each with the time limit of its kind. All throw CtrkitError('engine'). */
export class EngineCalls {
  readonly #connection: EngineConnection;
  readonly #limits: EngineLimits;

  constructor(connection: EngineConnection, limits: EngineLimits) {
    this.#connection = connection;
    this.#limits = limits;
  }

  /** GET. `decode` throws for an answer that makes no sense. */
  read<T>(call: EngineCall, decode: (body: unknown) => T): Promise<T> {
    const request = { ...call, method: 'GET', expected: [OK], limitMs: this.#limits.readMs } as const;
    return this.#connection.call(request, ({ body }) => decode(body));
  }

  /** GET of one object; undefined if there is none. */
  find<T>(call: EngineCall, decode: (body: unknown) => T): Promise<T | undefined> {
    const expected = [OK, MISSING];
    const request = { ...call, method: 'GET', expected, limitMs: this.#limits.readMs } as const;
    return this.#connection.call(request, ({ status, body }) =>
      status === MISSING ? undefined : decode(body),
    );
  }

  /** POST. Returns the status, one of `expected`. */
  act(call: EngineCall, expected: readonly number[], limitMs = this.#limits.actMs): Promise<number> {
    return this.#connection.call({ ...call, method: 'POST', expected, limitMs }, ({ status }) => status);
  }

  /** POST whose answer comes when something has happened; undefined if there is no such object. No time limit. */
  wait<T>(call: EngineCall, decode: (body: unknown) => T, signal: AbortSignal): Promise<T | undefined> {
    const request = { ...call, method: 'POST', expected: [OK, MISSING], limitMs: undefined } as const;
    return this.#connection.call(
      request,
      ({ status, body }) => (status === MISSING ? undefined : decode(body)),
      signal,
    );
  }

  /** POST whose answer is its progress, an object a line. `onLine` throws to end it. */
  follow(call: EngineCall, onLine: (object: unknown) => void): Promise<void> {
    const request = { ...call, method: 'POST', expected: [OK], limitMs: this.#limits.pullMs } as const;
    return this.#connection.follow(request, onLine);
  }

  /** DELETE. */
  async remove(call: EngineCall): Promise<Removal> {
    const expected = [OK, 204, MISSING, CONFLICT];
    const request = { ...call, method: 'DELETE', expected, limitMs: this.#limits.removeMs } as const;
    const status = await this.#connection.call(request, (answer) => answer.status);
    if (status === CONFLICT) return 'in-use';
    return status === MISSING ? 'missing' : 'removed';
  }

  /** GET whose answer goes on and on, to be destroyed by who reads it. The time limit is for its beginning. */
  open(call: EngineCall): Promise<IncomingMessage> {
    const request = { ...call, method: 'GET', expected: [OK], limitMs: this.#limits.readMs } as const;
    return this.#connection.open(request);
  }

  /** The error of a call that the engine has refused in its answer. */
  explainRefusal(purpose: string, text = 'there is none'): CtrkitError {
    const line = `the Docker engine at unix://${this.#connection.socketPath} can't ${purpose}: ${text}`;
    return new CtrkitError('engine', toOneLine(line, MAX_REASON_LENGTH));
  }
}
