/** An engine that has containers and images and no events: what the daemon asks, it answers at once. */
import { createServer, type Server } from 'node:http';

export interface StoodContainer {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** `sha256:…` */
  readonly imageId: string;
  readonly reference: string;
}

export async function startEngineStandIn(
  socketPath: string,
  containers: readonly StoodContainer[],
): Promise<Server> {
  const answers = {
    '/containers/json': containers.map(({ id, name, imageId, reference }) => ({
      Id: id,
      Names: [`/${name}`],
      Image: reference,
      ImageID: imageId,
      State: 'running',
    })),
    '/images/json': containers.map(({ imageId, reference }) => ({
      Id: imageId,
      RepoTags: [reference],
      RepoDigests: [],
      Created: 1_700_000_000,
      Size: 100_000_000,
    })),
  };
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('content-type', 'application/json');
    const found = Object.entries(answers).find(([path]) => url.startsWith(path));
    if (found !== undefined) response.end(JSON.stringify(found[1]));
    // Open for as long as the daemon listens.
    else if (url.startsWith('/events')) response.flushHeaders();
    else response.writeHead(404).end('{"message":"no such thing"}');
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  return server;
}
