import type { Log } from '../../ports/log.ts';
import { writeError } from '../process/write-error.ts';
import { createLazyLog } from './lazy-log.ts';

let isToldOfFormat = false;

/**
 * The log of the command `name`, on stderr: lines of text, or JSON objects where `format` (CTRKIT_LOG) is `json`. Any other
 * format is told in its first line, once a process.
 */
export function createCommandLog(name: string, format = ''): Log {
  const log = createLazyLog(async () => {
    const { createPinoLog } = await import('./pino-log.ts');
    return createPinoLog(name, format === 'json' ? 'json' : 'text', writeError);
  });
  if (isToldOfFormat || ['', 'text', 'json'].includes(format)) return log;
  isToldOfFormat = true;
  log.warn(`CTRKIT_LOG is ${JSON.stringify(format.slice(0, 40))}: write text or json; using text`);
  return log;
}
