import type { IncomingMessage } from 'node:http';
import { CtrkitError } from '../../../contract/errors.ts';
import type {
  ProcessInfo,
  ProcessState,
  ProcessTable,
  SupervisorState,
} from '../../../ports/process-table.ts';
import { decodeMethodResponse, encodeMethodCall, XmlRpcFault } from './xml-rpc.ts';
import type { XmlRpcStruct, XmlRpcValue } from './xml-rpc.ts';
import { MAX_RESPONSE_BYTES } from './xml-tree.ts';

export interface SupervisorClientOptions {
  /** supervisord's unix socket; SONiC's base image has it where the default says, mode 0700, owner root. */
  readonly socketPath?: string;
  /** Limit of one whole call, from the connection to the last byte, milliseconds. */
  readonly timeoutMs: number;
}

/** Fault codes that are answers, not failures (supervisor 4.2.5, xmlrpc.py). */
const FAULT_SHUTDOWN_STATE = 6;
const FAULT_BAD_NAME = 10;

// supervisord refuses even getState once it stops or restarts: the refusal is the answer.
const SHUTDOWN: SupervisorState = { code: -1, name: 'SHUTDOWN' };

const PROCESS_STATES: readonly string[] = [
  'STOPPED',
  'STARTING',
  'RUNNING',
  'BACKOFF',
  'STOPPING',
  'EXITED',
  'FATAL',
  'UNKNOWN',
] satisfies ProcessState[];

/** The body of an answer; calls `fail` for a status other than 200, a broken-off answer, or too much of it. */
function readBody(
  response: IncomingMessage,
  fail: (error: Error) => void,
  succeed: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  if (response.statusCode !== 200) return fail(new Error(`HTTP status ${response.statusCode}`));
  response.on('error', fail);
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES)
      return fail(new Error(`an answer longer than ${MAX_RESPONSE_BYTES} bytes`));
    chunks.push(chunk);
  });
  response.on('end', () => succeed(Buffer.concat(chunks)));
}

/**
 * node:http, at the first call: who never asks supervisord must not pay for it. An `import()` reads every
 * export of the module, and on Node 24 one of them pulls in all of fetch: 8.2 MB of private memory instead
 * of 1.1. Only Node 20 before 20.16 has no other way.
 */
async function loadHttp(): Promise<typeof import('node:http')> {
  return process.getBuiltinModule?.('node:http') ?? (await import('node:http'));
}

/** One HTTP exchange on a connection of its own; rejects with a plain Error that says what happened. */
async function post(
  { socketPath, timeoutMs }: Required<SupervisorClientOptions>,
  body: string,
): Promise<Buffer> {
  const { request: openRequest } = await loadHttp();
  const headers = { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    // Without an agent node:http asks the server to close the connection, and closes it itself.
    const request = openRequest({ socketPath, path: '/RPC2', method: 'POST', agent: false, headers });
    const settle = (): void => {
      clearTimeout(timer);
      request.destroy();
    };
    const fail = (error: Error): void => {
      reject(error);
      settle();
    };
    const timer = setTimeout(() => fail(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('error', fail);
    request.on('response', (response) =>
      readBody(response, fail, (whole) => {
        resolve(whole);
        settle();
      }),
    );
    request.end(body);
  });
}

function asStruct(value: XmlRpcValue): XmlRpcStruct {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw new Error('not a struct');
}

function textIn(struct: XmlRpcStruct, name: string): string {
  const value = struct[name];
  if (typeof value === 'string') return value;
  throw new Error(`no text "${name}"`);
}

function integerIn(struct: XmlRpcStruct, name: string): number {
  const value = struct[name];
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new Error(`no integer "${name}"`);
}

function isProcessState(text: string): text is ProcessState {
  return PROCESS_STATES.includes(text);
}

function decodeProcessInfo(value: XmlRpcValue): ProcessInfo {
  const struct = asStruct(value);
  const statename = textIn(struct, 'statename');
  if (!isProcessState(statename)) throw new Error('an unknown process state');
  return {
    name: textIn(struct, 'name'),
    group: textIn(struct, 'group'),
    state: integerIn(struct, 'state'),
    statename,
    exitstatus: integerIn(struct, 'exitstatus'),
    pid: integerIn(struct, 'pid'),
    start: integerIn(struct, 'start'),
    stop: integerIn(struct, 'stop'),
    now: integerIn(struct, 'now'),
    spawnerr: textIn(struct, 'spawnerr'),
  };
}

function decodeProcessList(value: XmlRpcValue): ProcessInfo[] {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value.map(decodeProcessInfo);
}

function decodeState(value: XmlRpcValue): SupervisorState {
  const struct = asStruct(value);
  return { code: integerIn(struct, 'statecode'), name: textIn(struct, 'statename') };
}

function isFault(error: unknown, code: number): boolean {
  return error instanceof CtrkitError && error.cause instanceof XmlRpcFault && error.cause.faultCode === code;
}

/**
 * A client of supervisord's XML-RPC interface (supervisor 4.2.5, rpcinterface.py). It keeps no
 * connection and no state. A fault is the `cause` (XmlRpcFault) of the CtrkitError it leads to.
 */
export function createSupervisorClient(options: SupervisorClientOptions): ProcessTable {
  const target = { socketPath: '/var/run/supervisor.sock', ...options };
  const call = async <T>(method: string, params: string[], decode: (value: XmlRpcValue) => T): Promise<T> => {
    try {
      const body = await post(target, encodeMethodCall(`supervisor.${method}`, params));
      const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
      return decode(decodeMethodResponse(text));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CtrkitError('supervisor', `supervisord at ${target.socketPath}, ${method}: ${reason}`, {
        cause,
      });
    }
  };
  return {
    getState: () =>
      call('getState', [], decodeState).catch((error: unknown) => {
        if (isFault(error, FAULT_SHUTDOWN_STATE)) return SHUTDOWN;
        throw error;
      }),
    getAllProcessInfo: () => call('getAllProcessInfo', [], decodeProcessList),
    getProcessInfo: (name) =>
      call('getProcessInfo', [name], decodeProcessInfo).catch((error: unknown) => {
        if (isFault(error, FAULT_BAD_NAME)) return undefined;
        throw error;
      }),
  };
}
