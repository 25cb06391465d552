import type { Log } from '../../ports/log.ts';
import { writeError } from '../process/write-error.ts';
import { createLazyLog } from './lazy-log.ts';

/** The log of the command `name`, on stderr: lines of text, or JSON objects where `format` (CTRKIT_LOG) is `json`. */
export const createCommandLog = (name: string, format: string | undefined): Log =>
  createLazyLog(async () => {
    const { createPinoLog } = await import('./pino-log.ts');
    return createPinoLog(name, format === 'json' ? 'json' : 'text', writeError);
  });
