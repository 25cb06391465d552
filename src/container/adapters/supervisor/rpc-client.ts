import { CtrkitError } from '../../../contract/errors.ts';
import type { ProcessState } from '../../../contract/health/process.ts';
import type { ProcessInfo, ProcessTable } from '../../../ports/process-table.ts';
import { RpcTransport, type RpcCall } from './rpc-transport.ts';
import { findFault, XmlRpcFault, type XmlRpcStruct, type XmlRpcValue } from './xml-rpc-value.ts';

export interface SupervisorClientOptions {
  /** supervisord's unix socket. The default is the path in SONiC's base image, where it has mode 0700 and owner root. */
  readonly socketPath?: string;
  /** Time limit of one whole call, from the connection to the last byte, milliseconds. */
  readonly timeoutMs: number;
}

export interface SupervisorClient extends ProcessTable {
  /** Whether supervisord stops all programs, to end or to read its configuration again. Throws as the others do. */
  readonly isStopping: () => Promise<boolean>;
}

/** The fault for a program that supervisord does not know: an answer, no failure (supervisor 4.2.5, xmlrpc.py). */
const FAULT_BAD_NAME = 10;
/** The fault of every call while supervisord stops: here it is the answer (supervisor 4.2.5, rpcinterface.py, _update). */
const FAULT_SHUTDOWN_STATE = 6;

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

function assertStruct(value: XmlRpcValue): XmlRpcStruct {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw new Error('not a struct');
}

function readText(struct: XmlRpcStruct, name: string): string {
  const value = struct[name];
  if (typeof value === 'string') return value;
  throw new Error(`no text "${name}"`);
}

function readInteger(struct: XmlRpcStruct, name: string): number {
  const value = struct[name];
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new Error(`no integer "${name}"`);
}

function isProcessState(text: string): text is ProcessState {
  return PROCESS_STATES.includes(text);
}

function decodeProcessInfo(value: XmlRpcValue): ProcessInfo {
  const struct = assertStruct(value);
  const statename = readText(struct, 'statename');
  if (!isProcessState(statename)) throw new Error('an unknown process state');
  return {
    name: readText(struct, 'name'),
    group: readText(struct, 'group'),
    state: readInteger(struct, 'state'),
    statename,
    exitstatus: readInteger(struct, 'exitstatus'),
    pid: readInteger(struct, 'pid'),
    start: readInteger(struct, 'start'),
    stop: readInteger(struct, 'stop'),
    now: readInteger(struct, 'now'),
    spawnerr: readText(struct, 'spawnerr'),
  };
}

function decodeProcessList(value: XmlRpcValue): ProcessInfo[] {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value.map(decodeProcessInfo);
}

/** Decodes the result of system.multicall for getProcessInfo, in the order of the calls. */
function decodeFoundProcesses(value: XmlRpcValue, count: number): (ProcessInfo | undefined)[] {
  if (!Array.isArray(value) || value.length !== count) throw new Error(`not a list of ${count}`);
  return value.map((result) => {
    const fault = findFault(result);
    if (fault === undefined) return decodeProcessInfo(result);
    if (fault.faultCode === FAULT_BAD_NAME) return undefined;
    throw fault;
  });
}

/**
 * Creates a client of supervisord's XML-RPC interface (supervisor 4.2.5, rpcinterface.py). It keeps one connection, which
 * does not keep the process alive, and no state. A fault is the `cause` (XmlRpcFault) of the CtrkitError that it leads to.
 */
export function createSupervisorClient(options: SupervisorClientOptions): SupervisorClient {
  const target = { socketPath: '/var/run/supervisor.sock', ...options };
  const transport = new RpcTransport(target);
  const callSupervisor = async <T>(wanted: RpcCall<T>): Promise<T> => {
    try {
      return await transport.request(wanted);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const method = wanted.method.replace(/^.*\./, '');
      throw new CtrkitError('supervisor', `supervisord at ${target.socketPath}, ${method}: ${reason}`, {
        cause,
      });
    }
  };
  return {
    getAllProcessInfo: () =>
      callSupervisor({ method: 'supervisor.getAllProcessInfo', params: [], decode: decodeProcessList }),
    findProcesses: (names) => {
      const calls = names.map((name) => ({ methodName: 'supervisor.getProcessInfo', params: [name] }));
      return callSupervisor({
        method: 'system.multicall',
        params: [calls],
        decode: (value) => decodeFoundProcesses(value, names.length),
      });
    },
    async isStopping() {
      try {
        await callSupervisor({ method: 'supervisor.getState', params: [], decode: assertStruct });
        return false;
      } catch (error) {
        const { cause } = error as CtrkitError;
        if (cause instanceof XmlRpcFault && cause.faultCode === FAULT_SHUTDOWN_STATE) return true;
        throw error;
      }
    },
  };
}
