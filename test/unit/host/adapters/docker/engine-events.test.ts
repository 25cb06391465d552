import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { readEvents } from '../../../../../src/host/adapters/docker/engine-events.ts';
import type { EngineEvent } from '../../../../../src/ports/container-engine.ts';

const ID = 'b'.repeat(64);
const lineOf = (Action: string, id: string, more = {}): string =>
  `${JSON.stringify({ Type: 'container', Action, Actor: { ID: id, Attributes: { name: 'snmp', ...more } } })}\n`;
const start = (id = ID): string => lineOf('start', id);
const oom = (id = ID): string => lineOf('oom', id);
const die = (exitCode: number, id = ID): string => lineOf('die', id, { exitCode: String(exitCode) });

/** What is made of these lines. */
async function read(...lines: readonly string[]): Promise<EngineEvent[]> {
  const stream = new PassThrough();
  const events: EngineEvent[] = [];
  const stop = readEvents(
    stream as unknown as IncomingMessage,
    (event) => events.push(event),
    () => assert.fail('it has ended'),
  );
  for (const line of lines) stream.write(line);
  await turn();
  stop();
  return events;
}

const marksOf = (events: readonly EngineEvent[]): boolean[] =>
  events.flatMap((event) => (event.kind === 'die' ? [event.hadOomKill] : []));

test('an end without an out-of-memory event is told as such', async () => {
  assert.deepEqual(await read(start(), die(137)), [
    { kind: 'start', containerId: ID, names: ['snmp'] },
    { kind: 'die', containerId: ID, names: ['snmp'], exitCode: 137, hadOomKill: false },
  ]);
});

test('an out-of-memory event is told with the end of that start of that container', async () => {
  assert.deepEqual(marksOf(await read(oom(), die(137))), [true]);
  assert.deepEqual(marksOf(await read(oom(), die(137), start(), die(1))), [true, false]);
  const other = 'c'.repeat(64);
  assert.deepEqual(marksOf(await read(oom(other), die(137), die(137, other))), [false, true]);
});

test('one that comes after the end is not told with the next end', async () => {
  assert.deepEqual(marksOf(await read(die(137), oom(), start(), die(0))), [false, false]);
});
