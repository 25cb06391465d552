import { DEFAULTS, type Endpoint } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';

const FORMS = 'redis://[user:password@]host[:port], rediss://… or unix://[user:password@]/path';

/** Reads `--redis` or CTRKIT_REDIS. Throws CtrkitError('usage') that never repeats the text: it may hold a password. */
export function parseRedisUrl(text: string): Endpoint {
  // A URL with a password must have a host, which a socket has not: one stands in for it.
  const full = text.replace(/^(unix:\/\/[^/]*@)\//, '$1localhost/');
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const scheme = url?.protocol;
  if (url === undefined || (scheme !== 'redis:' && scheme !== 'rediss:' && scheme !== 'unix:')) {
    throw new CtrkitError('usage', `the Redis URL is not one that ctrkit reads: write ${FORMS}`);
  }
  const credentials = {
    ...(url.username === '' ? {} : { username: decodePart(url.username) }),
    ...(url.password === '' ? {} : { password: decodePart(url.password) }),
  };
  if (scheme === 'unix:') {
    if ((url.hostname !== '' && url.hostname !== 'localhost') || url.pathname.length < 2) {
      throw new CtrkitError('usage', 'the Redis URL names no socket: write unix:///path, with three slashes');
    }
    return { path: decodePart(url.pathname), ...credentials };
  }
  if (url.hostname === '' || (url.pathname !== '' && url.pathname !== '/')) {
    throw new CtrkitError(
      'usage',
      `the Redis URL must name a host and no database (CONFIG_DB is ${DEFAULTS.configId}, STATE_DB is ${DEFAULTS.stateId}): write ${FORMS}`,
    );
  }
  return {
    // A URL writes an IPv6 address in brackets, a socket takes it without.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULTS.port : Number(url.port),
    ...(scheme === 'rediss:' ? { tls: true } : {}),
    ...credentials,
  };
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new CtrkitError(
      'usage',
      'the Redis URL has a % that begins no code: write %25 for the sign itself',
    );
  }
}
