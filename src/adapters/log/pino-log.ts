import { toPlainLine } from '../../text/printable.ts';
import { pino } from 'pino';
import type { Log } from '../../ports/log.ts';

interface PinoLine {
  readonly level: number;
  readonly msg: string;
}

const ERROR_LEVEL = 50;

/** `name: text` as syslog shows it, with `error: ` where it is one; pino's JSON with `format` json. */
export function createPinoLog(name: string, format: 'text' | 'json', write: (line: string) => void): Log {
  const toText = (line: string): string => {
    const { level, msg } = JSON.parse(line) as PinoLine;
    return `${name}: ${level >= ERROR_LEVEL ? 'error: ' : ''}${msg}\n`;
  };
  const destination = { write: format === 'json' ? write : (line: string) => write(toText(line)) };
  const logger = pino({ name, base: null }, destination);
  return {
    info: (text, fields) => logger.info({ ...fields }, toPlainLine(text, Infinity)),
    warn: (text, fields) => logger.warn({ ...fields }, toPlainLine(text, Infinity)),
    error: (text, fields) => logger.error({ ...fields }, toPlainLine(text, Infinity)),
  };
}
