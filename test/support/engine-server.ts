/** A FakeEngine as a Docker Engine behind a unix socket, for commands that run as processes: what they ask of it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  ContainerDetails,
  ContainerEngine,
  EngineContainer,
  EngineImage,
} from '../../src/ports/container-engine.ts';
import type { FakeEngine } from './fake-engine.ts';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** Answers until the test ends. Returns the address, as DOCKER_HOST has it. */
export async function serveEngine(t: TestContext, folder: string, engine: FakeEngine): Promise<string> {
  const socketPath = join(folder, 'docker.sock');
  const client = engine.open();
  const server = createServer((request, response) => void respond(client, request, response));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `unix://${socketPath}`;
}

async function respond(
  client: ContainerEngine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, body } = await answer(client, request.method ?? '', request.url ?? '').catch(
    (error: unknown): Answer => ({ status: 500, body: { message: String(error) } }),
  );
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** A wait is answered when the container has ended. */
async function answer(client: ContainerEngine, method: string, url: string): Promise<Answer> {
  const { pathname, searchParams } = new URL(url, 'http://engine');
  const path = pathname.replace(/^\/v[\d.]+/, '');
  if (path === '/containers/json')
    return { status: 200, body: (await client.listContainers()).map(encodeListed) };
  if (path === '/images/json') return { status: 200, body: (await client.listImages()).map(encodeImage) };
  const imageId = /^\/images\/([\w:]+)\/tag$/.exec(path)?.[1];
  if (imageId !== undefined) {
    await client.tagImage(imageId, searchParams.get('repo') ?? '', searchParams.get('tag') ?? '');
    return { status: 201 };
  }
  const doomed = method === 'DELETE' ? /^\/containers\/(\w+)$/.exec(path)?.[1] : undefined;
  if (doomed !== undefined) return { status: REMOVAL_STATUS[await client.removeContainer(doomed)] };
  const [, id = '', act = ''] = /^\/containers\/([\w.-]+)\/(\w+)$/.exec(path) ?? [];
  const found = id === '' ? undefined : await client.findContainer(id);
  if (found === undefined) return { status: 404, body: { message: `no such container: ${path}` } };
  switch (`${method} ${act}`) {
    case 'GET json':
      return { status: 200, body: encodeDetails(found) };
    case 'POST start':
      await client.startContainer(id);
      return { status: 204 };
    case 'POST stop':
      await client.stopContainer(id, Number(searchParams.get('t')));
      return { status: 204 };
    case 'POST kill':
      await client.killContainer(id);
      return { status: 204 };
    case 'POST wait':
      return {
        status: 200,
        body: { StatusCode: await client.waitContainer(id, new AbortController().signal) },
      };
    default:
      return { status: 404, body: { message: `no such call: ${method} ${path}` } };
  }
}

const REMOVAL_STATUS = { removed: 204, missing: 404, 'in-use': 409 } as const;

const encodeImage = ({ id, tags, digests, createdTs, sizeBytes }: EngineImage) => ({
  Id: id,
  RepoTags: tags,
  RepoDigests: digests,
  Created: createdTs,
  Size: sizeBytes,
});

const encodeListed = ({ id, names, image, imageId, state }: EngineContainer) => ({
  Id: id,
  Names: names.map((name) => `/${name}`),
  Image: image,
  ImageID: imageId,
  State: state,
});

const encodeDetails = ({ id, names, image, imageId, ...details }: ContainerDetails) => ({
  Id: id,
  Name: `/${names[0] ?? ''}`,
  Image: imageId,
  Config: { Image: image, Env: details.environment },
  State: { Status: details.state, ExitCode: details.exitCode ?? 0, OOMKilled: details.hadOomKill, Pid: 0 },
});
