/** Which unix socket leads to a Redis server, where several folders of servers are mounted side by side. */
import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { addressOf, type Endpoint } from '../../contract/databases.ts';

/** Undefined where TCP may do: what is there need not be a socket, nor one that this user may connect to. */
export function findSocket(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return isSocket(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The socket of the server whose configuration is `file`, which names it as `path`. That is its path on the host: in a container
 * it may be another server's, or nobody's. So the socket in the server's own folder, above that of the file, comes first.
 */
export function findIncludedSocket(file: string, path: string): string | undefined {
  const beside = placeBeside(file, path);
  return isSocket(beside) ? findSocket(beside) : findSocket(path);
}

/**
 * The same for a server that is not `other`. Where its own folder has no socket, as while it is being started, the named one may
 * be that of `other`: then the server is away, and `path` is where it will be.
 */
export function findSocketBesides(
  other: Endpoint,
  file: string,
  path: string,
): { readonly path: string | undefined; readonly isAway: boolean } {
  const found = findIncludedSocket(file, path);
  const beside = placeBeside(file, path);
  const isAway = found !== undefined && found !== beside && isSameServer({ path: found }, other);
  return { path: isAway ? beside : found, isAway };
}

/** Whether both lead to one server: by the address, or by the socket, whose folder may be mounted twice. */
export const isSameServer = (a: Endpoint, b: Endpoint): boolean =>
  addressOf(a) === addressOf(b) ||
  (a.path !== undefined && b.path !== undefined && identifyFile(a.path) === identifyFile(b.path));

/** /var/run/redis/sonic-db/database_config.json and redis.sock: /var/run/redis/redis.sock. */
const placeBeside = (file: string, path: string): string => join(dirname(dirname(file)), basename(path));

const isSocket = (path: string): boolean => readStat(path)?.isSocket() === true;

/** A path that leads nowhere stands for itself. */
function identifyFile(path: string): string {
  const found = readStat(path);
  return found === undefined ? path : `${found.dev}/${found.ino}`;
}

function readStat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
