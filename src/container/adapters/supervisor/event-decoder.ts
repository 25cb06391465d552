import { CtrkitError } from '../../../contract/errors.ts';

/** One event; the names are in supervisor 4.2.5, events.py, EventTypes. */
export interface SupervisorEvent {
  /** For instance `PROCESS_STATE_EXITED` or `SUPERVISOR_STATE_CHANGE_STOPPING`. */
  readonly name: string;
  /** supervisord's count of events, the same for every listener. */
  readonly serial: number;
  /** The `key:value` words of the payload's first line; empty for SUPERVISOR_STATE_CHANGE. */
  readonly payload: Readonly<Record<string, string>>;
  /** What follows the payload's first line: the body of a PROCESS_COMMUNICATION; else empty. */
  readonly data: string;
}

/** Longest header line, bytes: it holds 7 short words, among them two names from the configuration. */
const MAX_HEADER_BYTES = 4096;
/** Longest payload, characters: SONiC captures up to 1 MB of a program's output as one event; and its first line. */
const MAX_PAYLOAD = 1024 * 1024 + MAX_HEADER_BYTES;
/** Longest piece of a bad header in an error message, characters: the message ends up in a log. */
const MAX_QUOTE = 100;
const NEWLINE = 0x0a;

interface Header {
  readonly name: string;
  readonly serial: number;
}

function parseWords(line: string): Record<string, string> {
  const words = line.split(' ').filter((word) => word.includes(':'));
  return Object.fromEntries(
    words.map((word) => [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)]),
  );
}

function parseEvent({ name, serial }: Header, text: string): SupervisorEvent {
  const end = text.indexOf('\n');
  const line = end < 0 ? text : text.slice(0, end);
  return { name, serial, payload: parseWords(line), data: end < 0 ? '' : text.slice(end + 1) };
}

/** Bytes that follow this first byte of a UTF-8 character. Wrong first bytes count 0; the text decoder refuses them. */
function continuationBytes(first: number): number {
  if (first < 0xc0) return 0;
  if (first < 0xe0) return 1;
  return first < 0xf0 ? 2 : 3;
}

/**
 * Cuts supervisord's stream of events into events. The header's `len` counts **characters** (code
 * points), although the manual says bytes: every supervisor 4 on Python 3 writes it so (4.2.5,
 * process.py, _eventEnvelope), and counting bytes would lose the stream at the first umlaut.
 */
export class EventDecoder {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #failure: CtrkitError | undefined;
  #text = '';
  #header: Header | undefined;
  #headerBytes = 0;
  /** Characters of the payload still to begin, and bytes its current character still lacks. */
  #missing = 0;
  #tail = 0;

  /** What made the stream unreadable, if anything did: there is no way back to the next event then. */
  get failure(): CtrkitError | undefined {
    return this.#failure;
  }

  /** Whether the stream stands between two events. */
  get isIdle(): boolean {
    return this.#header === undefined && this.#headerBytes === 0;
  }

  /** The events this chunk completes, up to the first garbage, which sets `failure`. Never throws. */
  push(chunk: Uint8Array): SupervisorEvent[] {
    const events: SupervisorEvent[] = [];
    let rest = chunk;
    while (rest.length > 0 && this.#failure === undefined) {
      const taken = this.#header === undefined ? this.#takeHeader(rest) : this.#takePayload(rest);
      rest = rest.subarray(taken);
      if (this.#failure === undefined && this.#header !== undefined && this.#missing + this.#tail === 0) {
        events.push(parseEvent(this.#header, this.#takeText()));
        this.#header = undefined;
      }
    }
    return events;
  }

  #takeHeader(bytes: Uint8Array): number {
    const newline = bytes.indexOf(NEWLINE);
    const end = newline < 0 ? bytes.length : newline;
    this.#headerBytes += end;
    if (this.#headerBytes > MAX_HEADER_BYTES) this.#fail(`no header line within ${MAX_HEADER_BYTES} bytes`);
    else this.#append(bytes.subarray(0, end));
    if (newline < 0) return bytes.length;
    if (this.#failure === undefined) this.#readHeader(this.#takeText());
    this.#headerBytes = 0;
    return newline + 1;
  }

  #readHeader(line: string): void {
    const { eventname = '', serial = '', len = '' } = parseWords(line);
    if (!/^[A-Z0-9_]+$/.test(eventname) || !/^\d{1,15}$/.test(serial) || !/^\d{1,15}$/.test(len)) {
      return this.#fail(`the header ${JSON.stringify(line.slice(0, MAX_QUOTE))}`);
    }
    if (Number(len) > MAX_PAYLOAD) {
      return this.#fail(`a payload of ${len} characters, ${MAX_PAYLOAD} at most`);
    }
    this.#header = { name: eventname, serial: Number(serial) };
    this.#missing = Number(len);
  }

  #takePayload(bytes: Uint8Array): number {
    let taken = 0;
    while (taken < bytes.length && this.#missing + this.#tail > 0) {
      if (this.#tail > 0) {
        this.#tail -= 1;
      } else {
        this.#missing -= 1;
        this.#tail = continuationBytes(bytes[taken] ?? 0);
      }
      taken += 1;
    }
    this.#append(bytes.subarray(0, taken));
    return taken;
  }

  #append(bytes: Uint8Array): void {
    try {
      this.#text += this.#decoder.decode(bytes, { stream: true });
    } catch (cause) {
      this.#fail('bytes that are not UTF-8', { cause });
    }
  }

  #fail(detail: string, options?: ErrorOptions): void {
    this.#failure = new CtrkitError('supervisor', `not a supervisord event: ${detail}`, options);
    this.#text = '';
  }

  #takeText(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}
