/** An engine of which the daemon may ask for lists, names and events. It answers after a delay, and counts what it was asked. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** What is sent to create a container, as far as it counts here. */
interface NewContainer {
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
}

interface StoodContainer {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** `sha256:…` */
  readonly imageId: string;
  readonly reference: string;
}

interface StoodImage {
  /** `sha256:…` */
  readonly id: string;
  readonly tags: readonly string[];
}

interface EngineStandInOptions {
  readonly containers: readonly StoodContainer[];
  /** Without it each container's image has its reference for a name. */
  readonly images?: readonly StoodImage[];
  /** How long each answer takes. */
  readonly delayMs?: number;
}

const BUILT_TS = 1_700_000_000;

export class EngineStandIn {
  /** How often it was asked, by kind: `list-containers`, `list-images`, `events`, `tag`, `look`, `create`, `remove`, `other`. */
  readonly counts = new Map<string, number>();
  readonly #options: EngineStandInOptions;
  /** Image by name. */
  readonly #names = new Map<string, string>();
  readonly #imageIds: readonly string[];
  /** Containers that were created: pins. */
  readonly #created: unknown[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));

  constructor(options: EngineStandInOptions) {
    this.#options = options;
    const {
      containers,
      images = containers.map(({ imageId, reference }) => ({ id: imageId, tags: [reference] })),
    } = options;
    this.#imageIds = [...new Set(images.map(({ id }) => id))];
    for (const { id, tags } of images) for (const tag of tags) this.#names.set(tag, id);
  }

  start(socketPath: string): Promise<void> {
    return new Promise((resolve, reject) => this.#server.once('error', reject).listen(socketPath, resolve));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  count(kind: string): number {
    return this.counts.get(kind) ?? 0;
  }

  /** The image that has this name. */
  imageOf(reference: string): string | undefined {
    return this.#names.get(reference);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request;
    const { pathname, searchParams } = new URL(url, 'http://engine');
    const send = (status: number, body: () => unknown): void => {
      const end = (): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body()));
      };
      // Looked up when it answers, as the real one does.
      setTimeout(end, this.#options.delayMs ?? 0);
    };
    const [, tagged] = /^\/images\/(.*)\/tag$/.exec(pathname) ?? [];
    if (pathname === '/events') this.#open(response);
    else if (pathname === '/containers/json')
      send(this.#note('list-containers', 200), () => this.#listContainers());
    else if (pathname === '/images/json') send(this.#note('list-images', 200), () => this.#listImages());
    else if (method === 'POST' && tagged !== undefined) {
      const name = `${searchParams.get('repo') ?? ''}:${searchParams.get('tag') ?? ''}`;
      send(this.#note('tag', 201), () => this.#rename(name, decodeURIComponent(tagged)));
    } else if (method === 'GET' && pathname.startsWith('/images/'))
      send(this.#note('look', 200), () => ({ Config: {} }));
    else if (pathname === '/containers/create') {
      const name = searchParams.get('name') ?? '';
      void text(request).then((body) =>
        send(this.#note('create', 201), () => this.#create(name, JSON.parse(body) as NewContainer)),
      );
    } else if (method === 'DELETE') send(this.#note('remove', 404), () => ({ message: 'no such thing' }));
    else send(this.#note('other', 404), () => ({ message: 'no such thing' }));
  }

  #note(kind: string, status: number): number {
    this.counts.set(kind, this.count(kind) + 1);
    return status;
  }

  /** Open for as long as the daemon listens. */
  #open(response: ServerResponse): void {
    this.#note('events', 200);
    response.setHeader('content-type', 'application/json');
    response.flushHeaders();
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  #rename(name: string, imageId: string): unknown {
    this.#names.set(name, imageId);
    this.#tell({ Type: 'image', Action: 'tag', Actor: { ID: imageId } });
    return '';
  }

  #create(name: string, { Image, Labels }: NewContainer): unknown {
    const id = createHash('sha256').update(name).digest('hex');
    const about = { Id: id, Names: [`/${name}`], Image, ImageID: Image };
    this.#created.push({ ...about, State: 'created', Labels });
    this.#tell({ Type: 'container', Action: 'create', Actor: { ID: id, Attributes: { name } } });
    return { Id: id };
  }

  #tell(event: object): void {
    for (const stream of this.#streams) stream.write(`${JSON.stringify(event)}\n`);
  }

  #listContainers(): unknown {
    const running = this.#options.containers.map(({ id, name, imageId, reference }) => ({
      Id: id,
      Names: [`/${name}`],
      Image: reference,
      ImageID: imageId,
      State: 'running',
    }));
    return [...running, ...this.#created];
  }

  #listImages(): unknown {
    return this.#imageIds.map((id, index) => ({
      Id: id,
      RepoTags: [...this.#names].flatMap(([name, named]) => (named === id ? [name] : [])),
      RepoDigests: [],
      Created: BUILT_TS + index,
      Size: 100_000_000,
    }));
  }
}
