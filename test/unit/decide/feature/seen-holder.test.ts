import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  classifyEnd,
  findEndedHolder,
  trackHolder,
  type ContainerEnd,
  type SeenHolder,
} from '../../../../src/decide/feature/seen-holder.ts';
import { imageIdOf } from '../../../support/beats.ts';
import {
  AT,
  BEAT_ROW,
  CONFIG,
  HEALTHY,
  readRows,
  STATUS,
  withRows,
  type RawTables,
} from '../../../support/feature-inputs.ts';

const read = (...rows: RawTables[]) => readRows(withRows(HEALTHY, ...rows));
const END: ContainerEnd = {
  containerId: 'a'.repeat(64),
  exitCode: 137,
  hadOomKill: false,
  atMs: AT.bootMs,
};
const seen = (changes: Partial<SeenHolder> = {}): SeenHolder => ({
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
  imageId: imageIdOf(2),
  version: '2.0',
  wasUnhealthy: false,
  isStopping: false,
  restarts: 0,
  restartsWhenHealthy: 0,
  ...changes,
});
const wasPlanned = (holder: Partial<SeenHolder>, ...rows: RawTables[]): boolean =>
  classifyEnd(END, seen(holder), read(...rows)).wasPlanned;

describe('the holder and its end', () => {
  test('the holder is the last container of Kubernetes on record, with the image that the engine shows', () => {
    const holder = trackHolder(undefined, read(), imageIdOf(2));
    assert.deepEqual(holder, seen());
    assert.equal(trackHolder(undefined, read(), undefined), undefined, 'its image is not known');
    assert.deepEqual(trackHolder(holder, read(), undefined), seen(), 'it was known before');
    const local = read({ [STATUS]: { current_owner: 'local' } });
    assert.deepEqual(trackHolder(holder, local, imageIdOf(1)), seen(), 'it stays until there is another');
    const next = read({
      [STATUS]: { claim_token: 'token-b', docker_id: 'bbbbbbbbbbbb', container_id: 'bbbbbbbbbbbb' },
    });
    assert.equal(trackHolder(holder, next, imageIdOf(3))?.imageId, imageIdOf(3));
  });

  test('its own heartbeat gives version, health and restarts; another one’s gives nothing', () => {
    const sick = { [BEAT_ROW]: { status: 'unhealthy', restarts: '2', version: '2.1' } };
    const holder = trackHolder(seen(), read(sick), imageIdOf(2));
    assert.deepEqual(holder, seen({ wasUnhealthy: true, restarts: 2, version: '2.1' }));
    const stranger = read({ [BEAT_ROW]: { ...sick[BEAT_ROW], token: 'token-z' } });
    assert.deepEqual(trackHolder(seen(), stranger, imageIdOf(2)), seen());
    // Without a token no heartbeat is its own, one without a token neither.
    const shipped = read({ [STATUS]: { claim_token: '' }, [BEAT_ROW]: { ...sick[BEAT_ROW], token: '' } });
    assert.equal(trackHolder(undefined, shipped, imageIdOf(2))?.wasUnhealthy, false);
  });

  test('its health before it said that it is stopping is kept', () => {
    const sick = trackHolder(seen(), read({ [BEAT_ROW]: { status: 'unhealthy' } }), imageIdOf(2));
    const stopping = trackHolder(sick, read({ [BEAT_ROW]: { status: 'stopping' } }), imageIdOf(2));
    assert.deepEqual([stopping?.isStopping, stopping?.wasUnhealthy], [true, true]);
  });

  test('an end was planned if the container said that it stops and was healthy, or if its service was not to run', () => {
    assert.equal(wasPlanned({}), false);
    assert.equal(wasPlanned({ isStopping: true }), true);
    assert.equal(
      wasPlanned({ isStopping: true, wasUnhealthy: true }),
      false,
      'kubelet ends what is unhealthy',
    );
    assert.equal(wasPlanned({ isStopping: true, restarts: 1 }), false, 'the kit ended it');
    assert.equal(wasPlanned({}, { [STATUS]: { system_state: 'down' } }), true);
    assert.equal(wasPlanned({}, { [CONFIG]: { set_owner: 'local' } }), true);
    assert.equal(wasPlanned({}, { [CONFIG]: { state: 'always_disabled' } }), true);
    assert.equal(wasPlanned({}, { 'state WARM_RESTART_ENABLE_TABLE|system': { enable: 'true' } }), true);
    const { text, token, imageId, atMs } = classifyEnd(END, seen({ restarts: 3 }), read());
    assert.equal(text, 'exit code 137, a critical process had ended');
    assert.deepEqual([token, imageId, atMs], ['token-a', imageIdOf(2), AT.bootMs]);
    assert.match(classifyEnd(END, seen(), read()).text, /without a word$/);
    assert.match(classifyEnd(END, seen({ wasUnhealthy: true }), read()).text, /unhealthy$/);
    assert.equal(classifyEnd(END, seen({ isStopping: true }), read()).text, 'exit code 137');
  });

  test('the end of a container of the shipped kit blames nobody: it says nothing, whoever has ended it (H3)', () => {
    for (const exitCode of [0, 1, 137, 143]) {
      const end = classifyEnd(
        { ...END, exitCode },
        seen({ token: '' }),
        read({ [STATUS]: { claim_token: '' } }),
      );
      assert.equal(end.wasPlanned, true, `${exitCode}`);
    }
  });

  test('an end is told with the version that ended', () => {
    assert.equal(classifyEnd(END, seen({ version: '2.1' }), read()).version, '2.1');
  });

  test('the engine’s out-of-memory mark is reported, and decides nothing', () => {
    for (const holder of [{}, { isStopping: true }, { wasUnhealthy: true }, { restarts: 1 }]) {
      const [unmarked, marked] = [false, true].map((hadOomKill) =>
        classifyEnd({ ...END, hadOomKill }, seen(holder), read()),
      );
      assert.ok(unmarked && marked);
      assert.equal(marked.wasPlanned, unmarked.wasPlanned);
      assert.match(marked.text, /^exit code 137, after an out-of-memory kill(,|$)/);
      assert.doesNotMatch(unmarked.text, /memory/);
    }
  });

  test('a critical process that was mended long ago has not ended the container that is stopped now', () => {
    const once = { restarts: '1' };
    const well = trackHolder(seen(), read({ [BEAT_ROW]: once }), imageIdOf(2));
    const stopping = trackHolder(well, read({ [BEAT_ROW]: { ...once, status: 'stopping' } }), imageIdOf(2));
    assert.ok(stopping);
    assert.equal(classifyEnd(END, stopping, read()).wasPlanned, true);
    const twice = read({ [BEAT_ROW]: { restarts: '2', status: 'stopping' } });
    const ended = trackHolder(well, twice, imageIdOf(2));
    assert.equal(
      ended && classifyEnd(END, ended, read()).wasPlanned,
      false,
      'the kit ended it for the second',
    );
  });

  test('container kill takes the label away before it kills: that end was planned', () => {
    assert.equal(wasPlanned({}, { 'state KUBE_LABELS|SET': { snmp_enabled: 'false' } }), true);
    assert.equal(wasPlanned({}, { 'state KUBE_LABELS|SET': { snmp_enabled: 'False' } }), true);
    assert.equal(wasPlanned({}, { 'state KUBE_LABELS|SET': { snmp_enabled: 'true' } }), false);
  });

  test('an end before a claim belongs to the start before it, also of the same container', () => {
    const before = seen({ token: 'token-0' });
    const claimedAt = (ms: number) => read({ [STATUS]: { claim_ms: `${ms}` } });
    const find = (last: SeenHolder | undefined, claimMs: number) =>
      findEndedHolder(last, seen(), { end: END, status: claimedAt(claimMs).status })?.token;
    assert.equal(find(before, AT.bootMs + 1), 'token-0');
    assert.equal(find(before, AT.bootMs - 1), 'token-a');
    assert.equal(find(undefined, AT.bootMs + 1), undefined, 'nobody saw that start');
    assert.equal(find(seen({ token: 'token-0', dockerId: 'cccccccccccc' }), AT.bootMs + 1), undefined);
    assert.equal(find(seen(), AT.bootMs + 1), 'token-a', 'an agent that claims again is no new start');
  });
});
