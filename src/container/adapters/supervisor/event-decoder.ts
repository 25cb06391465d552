import { CtrkitError } from '../../../contract/errors.ts';
import { CharacterReader } from './character-reader.ts';
import {
  MAX_HEADER_BYTES,
  parseEvent,
  parseHeader,
  createEventError,
  type EventHeader,
  type SupervisorEvent,
} from './event-text.ts';

const NEWLINE = 0x0a;
/** A number that so many events came after is not sent any more. */
const LATEST_AFTER_EVENTS = 50;
/** More than supervisord keeps for us (buffer_size); what is missing beyond is lost for certain. */
const MOST_MISSING = 5_000;

/**
 * Cuts supervisord's stream of events into events. The header's `len` counts **characters** (code
 * points), although the manual says bytes: every supervisor 4 on Python 3 writes it so (4.2.5,
 * process.py, _eventEnvelope), and counting bytes would lose the stream at the first umlaut.
 */
export class EventDecoder {
  readonly #reader = new CharacterReader();
  #failure: CtrkitError | undefined;
  #header: EventHeader | undefined;
  #headerBytes = 0;
  #lastPoolSerial: number | undefined;
  #received = 0;
  /** Numbers that have not come, each with how many events had been received when that was seen; in their order. */
  readonly #missing = new Map<number, number>();
  #lost = 0;

  /** The error that made the stream unreadable. No further event is decoded then: nothing tells where one begins. */
  get failure(): CtrkitError | undefined {
    return this.#failure;
  }

  /** Whether the stream stands between two events. */
  get isIdle(): boolean {
    return this.#header === undefined && this.#headerBytes === 0;
  }

  /** How many events supervisord had to forget, since the last call: they are told when they can't come any more. */
  takeLost(): number {
    for (const [poolSerial, seenAt] of this.#missing) {
      if (this.#received < seenAt + LATEST_AFTER_EVENTS) break;
      this.#missing.delete(poolSerial);
      this.#lost += 1;
    }
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** Returns the events that this chunk completes, up to the first garbage, which sets `failure`. Never throws. */
  push(chunk: Uint8Array): SupervisorEvent[] {
    const events: SupervisorEvent[] = [];
    let rest = chunk;
    try {
      while (rest.length > 0 && this.#failure === undefined) {
        const taken = this.#header === undefined ? this.#takeHeader(rest) : this.#reader.takeExpected(rest);
        rest = rest.subarray(taken);
        if (this.#header === undefined || !this.#reader.isComplete) continue;
        events.push(parseEvent(this.#header, this.#reader.takeText()));
        this.#header = undefined;
      }
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#failure = error;
      // What was read of the broken event would be kept as long as the process lives.
      this.#reader.takeText();
    }
    return events;
  }

  /** Takes bytes up to the end of the header line; returns how many. */
  #takeHeader(bytes: Uint8Array): number {
    const newline = bytes.indexOf(NEWLINE);
    const end = newline < 0 ? bytes.length : newline;
    this.#headerBytes += end;
    if (this.#headerBytes > MAX_HEADER_BYTES)
      throw createEventError(`no header line within ${MAX_HEADER_BYTES} bytes`);
    this.#reader.append(bytes.subarray(0, end));
    if (newline < 0) return bytes.length;
    this.#headerBytes = 0;
    const header = parseHeader(this.#reader.takeText());
    this.#reader.expect(header.length);
    this.#header = header;
    this.#countLost(header.poolSerial);
    return newline + 1;
  }

  /**
   * Numbers don't come in their order: an event that was refused by any listener with a program of the same priority is put
   * before all others of every pool (supervisor 4.2.5, process.py, dispatcher), and gets a new number there.
   */
  #countLost(poolSerial: number): void {
    this.#received += 1;
    const last = this.#lastPoolSerial ?? poolSerial - 1;
    this.#missing.delete(poolSerial);
    if (poolSerial <= last) return;
    const first = Math.max(last + 1, poolSerial - MOST_MISSING);
    this.#lost += first - last - 1;
    for (let number = first; number < poolSerial; number += 1) this.#missing.set(number, this.#received);
    this.#lastPoolSerial = poolSerial;
  }
}
