import { CtrkitError } from '../../../contract/errors.ts';

/** One event; the names are in supervisor 4.2.5, events.py, EventTypes. */
export interface SupervisorEvent {
  /** For instance `PROCESS_STATE_EXITED` or `SUPERVISOR_STATE_CHANGE_STOPPING`. */
  readonly name: string;
  /** supervisord's count of the events for this listener, which one that it sends again keeps; NaN if it tells none. */
  readonly poolSerial: number;
  /** The `key:value` words of the payload's first line; empty for SUPERVISOR_STATE_CHANGE. */
  readonly payload: Readonly<Record<string, string>>;
  /** What follows the payload's first line: the body of a PROCESS_COMMUNICATION, its first 64 kB; else empty. */
  readonly data: string;
}

/** The header line of an event. */
export interface EventHeader {
  readonly name: string;
  /** As in SupervisorEvent. */
  readonly poolSerial: number;
  /** Length of the payload that follows, characters (code points). */
  readonly length: number;
}

/** Longest header line, bytes: it holds 7 short words, among them two names from the configuration. */
export const MAX_HEADER_BYTES = 4096;
/** Longest piece of a bad header in an error message, characters: the message ends up in a log. */
const MAX_QUOTE = 100;

/**
 * Throws CtrkitError('supervisor') for a line that is no header. A payload may have any length: SONiC captures up to 1 MB of a
 * program's output as one event, of which supervisord makes up to four characters a byte.
 */
export function parseHeader(line: string): EventHeader {
  const { eventname = '', serial = '', poolserial, len = '' } = parseWords(line);
  if (!/^[A-Z0-9_]+$/.test(eventname) || !/^\d{1,15}$/.test(serial) || !/^\d{1,10}$/.test(len))
    throw createEventError(`the header ${JSON.stringify(line.slice(0, MAX_QUOTE))}`);
  return { name: eventname, poolSerial: Number(poolserial), length: Number(len) };
}

/** The event with this header and the text of its payload. */
export function parseEvent({ name, poolSerial }: EventHeader, text: string): SupervisorEvent {
  const end = text.indexOf('\n');
  const line = end < 0 ? text : text.slice(0, end);
  return { name, poolSerial, payload: parseWords(line), data: end < 0 ? '' : text.slice(end + 1) };
}

/** The error for a stream that can't be cut into events any more. */
export const createEventError = (detail: string): CtrkitError =>
  new CtrkitError('supervisor', `not a supervisord event: ${detail}`);

function parseWords(line: string): Record<string, string> {
  const words = line.split(' ').filter((word) => word.includes(':'));
  return Object.fromEntries(
    words.map((word) => [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)]),
  );
}
