import { createConnection, type Socket } from 'node:net';
import { once } from 'node:events';

/** One command as the server carried it out. */
export interface MonitoredCommand {
  /** Seconds of the server's wall clock. */
  readonly time: string;
  readonly db: string;
  /** `lua` for what a script does, else the client's address. */
  readonly source: string;
  readonly words: readonly string[];
}

const LINE = /^\+(\d+\.\d+) \[(\d+) (.*?)\] (.*)$/s;
const WORD = /"((?:[^"\\]|\\.)*)"/gs;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\u0007', b: '\b' };

/**
 * MONITOR on a connection of its own. Not ioredis': its client fails when commands of others arrive together with the
 * server's OK, as they do on a busy machine.
 */
export class RedisMonitor {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Resolves when the server has begun to tell. */
  static async start(
    socketPath: string,
    onCommand: (command: MonitoredCommand) => void,
  ): Promise<RedisMonitor> {
    const socket = createConnection(socketPath).setEncoding('utf8');
    await once(socket, 'connect');
    let rest = '';
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve, reject) => {
      begin = resolve;
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the server ended the connection')));
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '+OK') begin();
        const command = parseCommand(line);
        if (command !== undefined) onCommand(command);
      }
    });
    socket.write('MONITOR\r\n');
    await begun;
    return new RedisMonitor(socket);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function parseCommand(line: string): MonitoredCommand | undefined {
  const [, time, db, source, text] = LINE.exec(line) ?? [];
  if (time === undefined || db === undefined || source === undefined || text === undefined) return undefined;
  const words = [...text.matchAll(WORD)].map(([, word = '']) => unescape(word));
  return { time, db, source, words };
}

/** As redis writes what can't be printed (sdscatrepr); bytes above ASCII one by one. */
function unescape(word: string): string {
  const bytes = word.replaceAll(/\\(x[0-9a-f]{2}|.)/gs, (_whole, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
