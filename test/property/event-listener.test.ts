import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EventDecoder } from '../../src/container/adapters/supervisor/event-decoder.ts';
import type { SupervisorEvent } from '../../src/container/adapters/supervisor/event-text.ts';
import { runsOf } from '../support/run-counts.ts';

// Shrinking a stream of kilobytes takes minutes: the seed is enough to go on with.
const runs = { ...runsOf(2_000), endOnFailure: true };

const word = fc.stringMatching(/^[a-z_]{1,8}$/);
const value = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '-', 'ü', '€', '🙂') });
const body = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\n', ':', ' ', 'ü', '€', '🙂', '\u0000', '\ufeff'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

/** An event, and the bytes in which supervisord sends it. */
const sent: fc.Arbitrary<{ event: SupervisorEvent; bytes: Buffer }> = fc
  .record({
    name: fc.constantFrom('PROCESS_STATE_EXITED', 'TICK_5', 'PROCESS_COMMUNICATION_STDOUT'),
    poolSerial: fc.nat(),
    payload: fc.dictionary(word, value, { maxKeys: 4, noNullPrototype: true }),
    data: body,
    poolName: value,
  })
  .map(({ poolName, ...event }) => {
    const line = Object.entries(event.payload).map((pair) => pair.join(':'));
    const payload = line.join(' ') + (event.data === '' ? '' : `\n${event.data}`);
    const header = `ver:3.0 server:supervisor serial:3 pool:${poolName} poolserial:${event.poolSerial}`;
    const length = Array.from(payload).length;
    return { event, bytes: Buffer.from(`${header} eventname:${event.name} len:${length}\n${payload}`) };
  });

/** The bytes in pieces, cut at these places (anywhere, also twice at one place). */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

function decode(chunks: readonly Uint8Array[]): {
  events: SupervisorEvent[];
  failure: string;
  isIdle: boolean;
} {
  const decoder = new EventDecoder();
  const events = chunks.flatMap((chunk) => decoder.push(chunk));
  return { events, failure: decoder.failure?.message ?? '', isIdle: decoder.isIdle };
}

test('any events in any pieces are the same events', () => {
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 30 }), (all, places) => {
      const bytes = Buffer.concat(all.map((one) => one.bytes));
      const events = all.map(({ event }) => event);
      assert.deepEqual(decode(cut(bytes, places)), { events, failure: '', isIdle: true });
    }),
    runs,
  );
});

test('any events byte by byte are the same events', () => {
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 4 }), (all) => {
      const bytes = Buffer.concat(all.map((one) => one.bytes));
      const events = all.map(({ event }) => event);
      assert.deepEqual(decode(Array.from(bytes, (byte) => Uint8Array.of(byte))).events, events);
    }),
    runs,
  );
});

test('an event is complete with its last byte and not before', () => {
  fc.assert(
    fc.property(sent, ({ event, bytes }) => {
      const decoder = new EventDecoder();
      assert.deepEqual(decoder.push(bytes.subarray(0, -1)), []);
      assert.equal(decoder.isIdle, false);
      assert.deepEqual(decoder.push(bytes.subarray(-1)), [event]);
    }),
    runs,
  );
});

test('garbage is the same garbage in any pieces, after the same events, and nothing comes after it', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc.string({ maxLength: 20 }).map((text) => Buffer.from(`${text}\n`)),
    fc.string({ minLength: 4096, maxLength: 6000 }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(sent, garbage, fc.array(fc.nat(), { maxLength: 30 }), ({ bytes, event }, rubbish, places) => {
      const stream = Buffer.concat([bytes, rubbish, Buffer.from('\n\n'), bytes]);
      const whole = decode([stream]);
      const pieces = decode(cut(stream, places));
      assert.deepEqual([pieces.events, pieces.failure], [whole.events, whole.failure]);
      assert.deepEqual(whole.events, [event]);
      assert.notEqual(whole.failure, '');
    }),
    runs,
  );
});
