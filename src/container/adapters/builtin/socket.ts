import type { Socket } from 'node:net';
import type { Finding } from './finding.ts';

export type SocketTarget =
  | { readonly what: 'tcp'; readonly host: string; readonly port: number }
  | { readonly what: 'unix'; readonly path: string };

/** Errors of this container or this switch, which has run out of something: they say nothing about the program. */
const OWN_TROUBLE: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EAGAIN',
]);

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody accepts',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'it is no socket',
  EPROTOTYPE: 'it is no stream socket',
};

async function createSocket(onClose: (socket: Socket) => void): Promise<Socket> {
  const net = process.getBuiltinModule?.('node:net') ?? (await import('node:net'));
  const socket = new net.Socket();
  // A late error must not end the process.
  return socket.on('error', () => {}).on('close', () => onClose(socket));
}

/**
 * Returns a function that finds out whether a connection is accepted within the limit. The connection is closed at once,
 * and nothing is sent. The kernel accepts as long as the program's queue has room: whether the program works behind it
 * only a hook can tell.
 */
export function createSocketInspector(target: SocketTarget, timeoutMs: number): () => Promise<Finding> {
  // The socket is used again: a new one each time would leave three times the garbage.
  let closed: Socket | undefined;
  return async () => {
    const socket = closed ?? (await createSocket((each) => (closed = each)));
    closed = undefined;
    const problem = await tryConnect(socket, target, timeoutMs);
    socket.destroy();
    return judgeConnection(problem, target, timeoutMs);
  };
}

/** Returns undefined if accepted, else the error's code, or `late`. */
async function tryConnect(
  socket: Socket,
  target: SocketTarget,
  timeoutMs: number,
): Promise<string | undefined> {
  let end: (problem?: string) => void = () => {};
  const ended = new Promise<string | undefined>((resolve) => {
    end = resolve;
  });
  const onConnect = (): void => {
    // Destroyed here, before it reads: Node.js allocates 64 kB for a read.
    socket.destroy();
    end();
  };
  const onError = ({ code, message }: NodeJS.ErrnoException): void => end(code ?? message);
  const timer = setTimeout(() => end('late'), timeoutMs);
  socket.once('connect', onConnect).once('error', onError);
  try {
    socket.connect(target.what === 'unix' ? { path: target.path } : { host: target.host, port: target.port });
    return await ended;
  } finally {
    clearTimeout(timer);
    socket.off('connect', onConnect).off('error', onError);
  }
}

function judgeConnection(problem: string | undefined, target: SocketTarget, timeoutMs: number): Finding {
  const where = target.what === 'unix' ? target.path : `port ${target.port} of ${target.host}`;
  if (problem === undefined) return { result: 'ok', message: '' };
  if (problem === 'late')
    return { result: 'failing', message: `${where}: nobody accepted within ${timeoutMs / 1000} s` };
  // connect(2) on a unix socket fails so when the listener's queue is full: the program has stopped accepting.
  if (problem === 'EAGAIN' && target.what === 'unix')
    return { result: 'failing', message: `${where}: nobody accepts, its queue is full` };
  if (OWN_TROUBLE.has(problem)) return { result: 'unknown', message: `${where}: can't be tried: ${problem}` };
  return { result: 'failing', message: `${where}: ${WORDS[problem] ?? problem}` };
}
