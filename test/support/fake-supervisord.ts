import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server on a unix socket in a directory of its own; counts the connections that are open. */
export class UnixServer {
  readonly socketPath: string;
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#directory = mkdtempSync(join(tmpdir(), 'ctrkit-sv-'));
    this.socketPath = join(this.#directory, 'supervisor.sock');
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      // A client that hangs up while we write is part of what is tested.
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async listen(server: Server): Promise<UnixServer> {
    const unixServer = new UnixServer(server);
    server.listen(unixServer.socketPath);
    await once(server, 'listening');
    return unixServer;
  }

  /** A server that does what it is told with every connection. */
  static onConnection(serve: (socket: Socket) => void): Promise<UnixServer> {
    return UnixServer.listen(
      createServer((socket) => {
        serve(socket);
        // Unread, a connection would never be seen to end.
        socket.resume();
      }),
    );
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A program as the fake answers it, in the order and with the field names of supervisor 4.2.5. */
export type FakeProgram = Readonly<Record<string, string | number>>;

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function xmlStruct(fields: FakeProgram): string {
  const members = Object.entries(fields).map(([name, value]) => {
    const type = typeof value === 'number' ? 'int' : 'string';
    return `<member>\n<name>${name}</name>\n<value><${type}>${xmlText(String(value))}</${type}></value>\n</member>\n`;
  });
  return `<value><struct>\n${members.join('')}</struct></value>\n`;
}

/** The body of a methodResponse, laid out as supervisord lays it out. */
function methodResponse(value: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${value}</param>\n</params>\n</methodResponse>\n`;
}

/** The body of a methodResponse that is a list of structs. */
export function listResponse(programs: readonly FakeProgram[]): string {
  return methodResponse(`<value><array><data>\n${programs.map(xmlStruct).join('')}</data></array></value>\n`);
}

function faultResponse(faultCode: number, faultString: string): string {
  const fault = xmlStruct({ faultCode, faultString });
  return `<?xml version='1.0'?>\n<methodResponse>\n<fault>\n${fault}</fault>\n</methodResponse>\n`;
}

function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** A stand-in for supervisord's XML-RPC over its socket, as far as our client uses it. */
export class FakeSupervisord {
  /** The methods that were called. */
  readonly calls: string[] = [];
  readonly #programs: readonly FakeProgram[];
  readonly #waiting: (() => void)[] = [];
  #server: UnixServer | undefined;
  #isStalled = false;
  #isShuttingDown = false;

  constructor(programs: readonly FakeProgram[]) {
    this.#programs = programs;
  }

  get socketPath(): string {
    return this.#server?.socketPath ?? '';
  }

  async start(): Promise<void> {
    this.#server = await UnixServer.listen(createHttpServer((...args) => void this.#serve(...args)));
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** Accepts connections and answers none, like a process under SIGSTOP, until `resume`. */
  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  shutDown(): void {
    this.#isShuttingDown = true;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    if (this.#isStalled) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const isCall = request.method === 'POST' && request.url === '/RPC2';
    const answer = this.#answer(body);
    const headers = { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(answer) };
    response.writeHead(isCall ? 200 : 404, headers);
    response.end(answer);
  }

  #answer(body: string): string {
    const method = /<methodName>([\w.]+)<\/methodName>/.exec(body)?.[1];
    this.calls.push(method ?? '');
    if (method === 'system.multicall') return listResponse(this.#answerEach(body));
    if (this.#isShuttingDown) return faultResponse(6, 'SHUTDOWN_STATE');
    if (method === 'supervisor.getAllProcessInfo') return listResponse(this.#programs);
    if (method === 'supervisor.getState')
      return methodResponse(xmlStruct({ statecode: 1, statename: 'RUNNING' }));
    return faultResponse(1, 'UNKNOWN_METHOD');
  }

  /** A multicall of getProcessInfo, as all of ours are; supervisord answers structs, not lists of one. */
  #answerEach(body: string): FakeProgram[] {
    const params = body.matchAll(/<name>params<\/name><value><array><data><value><string>([^<]*)<\/string>/g);
    return Array.from(params, ([, param = '']) => {
      if (this.#isShuttingDown) return { faultCode: 6, faultString: 'SHUTDOWN_STATE' };
      const wanted = unescapeXml(param);
      const [group, name = group] = wanted.split(':');
      const found = this.#programs.find((program) => program['name'] === name && program['group'] === group);
      return found ?? { faultCode: 10, faultString: `BAD_NAME: ${wanted}` };
    });
  }
}
