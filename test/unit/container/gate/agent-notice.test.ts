import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AgentNotice } from '../../../../src/container/gate/agent-notice.ts';
import type { GateNotice } from '../../../../src/contract/gate/gate-notice.ts';
import type { StartedProcess } from '../../../../src/contract/gate/started-process.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { FakeLog } from '../../../support/fake-log.ts';

/** A notice, what was written of it (undefined: taken away), and whether it can be. */
function setUp() {
  const log = new FakeLog();
  const written: (string | undefined)[] = [];
  const disk = { error: undefined as Error | undefined, isOwn: true };
  const file = {
    read: () => undefined,
    readLast: () => undefined,
    isOwn: () => disk.isOwn,
    write: ({ state, text, servedUntilMs }: Omit<GateNotice, keyof StartedProcess>) => {
      if (disk.error !== undefined) throw disk.error;
      const until = servedUntilMs === undefined ? '' : ` (served until ${servedUntilMs})`;
      written.push(`${state}: ${text}${until}`);
    },
    remove: () => void written.push(undefined),
  };
  return { log, written, disk, notice: new AgentNotice(file, log) };
}

describe('what the gate tells the agent', () => {
  test('is written once as long as it is the same, and again on each change', () => {
    const { written, notice } = setUp();
    for (let look = 0; look < 3; look++) notice.write('held', 'owner-is-local');
    notice.write('held', 'version-blocked');
    notice.write('waiting', 'version-blocked');
    assert.deepEqual(written, ['held: owner-is-local', 'held: version-blocked', 'waiting: version-blocked']);
  });

  test('is taken away when the gate opens, and written again by the next that closes', () => {
    const { written, notice } = setUp();
    notice.write('held', 'a');
    notice.remove();
    notice.write('held', 'a');
    assert.deepEqual(written, ['held: a', undefined, 'held: a']);
  });

  test('stays held while the database is away: an outage is no reason to take that back', () => {
    const { written, notice } = setUp();
    notice.write('held', 'a');
    notice.ensureWritten('no database');
    assert.deepEqual(written, ['held: a']);
  });

  test('is written again with each later moment until which a held container is served, and without it', () => {
    const { written, notice } = setUp();
    for (const untilMs of [1, 1, 2, undefined, undefined]) notice.write('held', 'a', untilMs);
    assert.deepEqual(written, ['held: a (served until 1)', 'held: a (served until 2)', 'held: a']);
  });

  test('stays held while the database is away, and not served: no answer is no answer (HF3)', () => {
    const { written, disk, notice } = setUp();
    notice.write('held', 'a', 1);
    disk.error = new CtrkitError('defect', 'full');
    assert.equal(notice.ensureWritten('no database'), false);
    disk.error = undefined;
    for (let look = 0; look < 2; look++) assert.equal(notice.ensureWritten('no database'), true);
    notice.write('held', 'a', 2);
    assert.deepEqual(written, ['held: a (served until 1)', 'held: a', 'held: a (served until 2)']);
  });

  test('an outage before anything else is a wait', () => {
    const { written, notice } = setUp();
    notice.ensureWritten('no database');
    notice.write('held', 'a');
    assert.deepEqual(written, ['waiting: no database', 'held: a']);
  });

  test('is written again where another gate has written over it', () => {
    const { written, disk, notice } = setUp();
    notice.write('held', 'a');
    disk.isOwn = false;
    notice.write('held', 'a');
    notice.ensureWritten('no database');
    assert.deepEqual(written, ['held: a', 'held: a', 'held: a']);
  });

  test('that can’t be written is said once and tried again, and the gate goes on', () => {
    const { log, written, disk, notice } = setUp();
    disk.error = new CtrkitError('defect', 'no space left');
    for (let look = 0; look < 3; look++) notice.write('held', 'a');
    assert.deepEqual(log.lines, ["warn: the probe can't tell that the gate is closed: no space left"]);
    disk.error = undefined;
    notice.write('held', 'a');
    assert.deepEqual(written, ['held: a']);
    disk.error = new CtrkitError('defect', 'no space left');
    notice.write('held', 'b');
    assert.equal(log.lines.length, 2);
  });

  test('a defect is not hidden', () => {
    const { disk, notice } = setUp();
    disk.error = new TypeError('a defect');
    assert.throws(() => notice.write('held', 'a'), TypeError);
  });
});
