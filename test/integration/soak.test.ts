import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMAGE_NODE } from '../support/kit.ts';
import { runSoak } from '../support/soak.ts';

/** Far above what it settles at, and far below what a leak of any event would come to. */
const GROWTH_MB = 25;
const SECONDS = 60;

test('a minute of a noisy container costs the agent no descriptor, no memory to speak of and no event', async (t) => {
  const report = await runSoak(IMAGE_NODE, SECONDS * 1000);
  const { samples, sent, counted, captures, heartbeats, overflows, isRestarted, log } = report;
  const [first] = samples;
  const last = samples.at(-1);
  assert.ok(first !== undefined && last !== undefined);
  t.diagnostic(`${sent} ends, ${captures} captures, ${heartbeats} heartbeats, ${last.memoryMb} MB`);
  assert.equal(isRestarted, false, log);
  // What supervisord itself has to forget, no agent can count: on a machine that is too slow for forty events a second.
  if (overflows === 0) assert.equal(counted, sent, log);
  assert.ok(sent > 0 && captures > 0, 'the container was noisy');
  // A hook that runs has two pipes, a look at a socket one: what is under way, and nothing that adds up.
  const descriptors = samples.map((sample) => sample.descriptors);
  assert.ok(
    Math.min(...descriptors.slice(-10)) <= Math.min(...descriptors.slice(0, 10)) + 3,
    descriptors.join(' '),
  );
  assert.ok(last.memoryMb < first.memoryMb + GROWTH_MB, `${first.memoryMb} MB at first`);
});
