import { CtrkitError } from '../../../contract/errors.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * The engine's unix socket, from text as DOCKER_HOST has it (`unix:///path`), from a path, or the usual one if it is
 * empty. Throws CtrkitError('usage') for anything else: the engine of another host is none of this switch's business.
 */
export function parseEngineAddress(text: string): string {
  if (text === '') return DEFAULT_SOCKET;
  const path = text.replace(/^unix:\/\//, '');
  if (/^\/[!-~]{1,106}$/.test(path)) return path;
  throw new CtrkitError(
    'usage',
    `the Docker engine's address is ${JSON.stringify(text.slice(0, 60))}: write unix:///path or /path`,
  );
}
