import type { Log } from '../../ports/log.ts';
import { breakSilence } from '../process/silence.ts';

/**
 * A log whose logger is loaded with its first line, and after whatever is under way has been sent: most gates
 * never say a word, and none should be late because of one. Lines keep their order; a process that ends by
 * itself writes them all.
 */
export function createLazyLog(load: () => Promise<Log>): Log {
  let last: Promise<Log> | undefined;
  const queueLine = (level: keyof Log, text: string, fields: Record<string, unknown> | undefined): void => {
    breakSilence();
    last ??= new Promise<void>((resolve) => setImmediate(resolve)).then(load);
    last = last.then((log) => {
      log[level](text, fields);
      return log;
    });
    // A logger that can't be loaded is no reason to stop a feature.
    last.catch(() => {});
  };
  return {
    info: (text, fields) => queueLine('info', text, fields),
    warn: (text, fields) => queueLine('warn', text, fields),
    error: (text, fields) => queueLine('error', text, fields),
  };
}
