import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ProcessWatch } from '../../../../../src/container/health/processes/process-watch.ts';
import type { ProcessEntry } from '../../../../../src/contract/health/process-list.ts';
import type { ProcessEvent } from '../../../../../src/ports/process-table.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeProcessTable } from '../../../../support/fake-process-table.ts';
import { processStatus } from '../../../../support/process-status.ts';

const ended: ProcessEvent = { name: 'PROCESS_STATE_EXITED', payload: { processname: 'a', groupname: 'a' } };
const regrouped: ProcessEvent = { name: 'PROCESS_GROUP_ADDED', payload: { groupname: 'c' } };

describe('the watch over supervisord’s programs', () => {
  let table: FakeProcessTable;
  let clock: FakeClock;
  let wanted: ProcessEntry[];
  let watch: ProcessWatch;

  beforeEach(() => {
    table = new FakeProcessTable([
      processStatus('a', 'RUNNING'),
      processStatus('b', 'RUNNING', { group: 'pool' }),
      processStatus('other', 'RUNNING'),
    ]);
    clock = new FakeClock();
    wanted = [
      { kind: 'program', name: 'a' },
      { kind: 'group', name: 'pool' },
    ];
    watch = new ProcessWatch({ table, clock }, () => wanted);
  });

  const stateOf = async (name: string): Promise<string | undefined> => {
    const view = await watch.readProcesses();
    assert.equal(view.kind, 'known');
    return view.kind === 'known'
      ? view.processes.find((process) => process.name === name)?.statename
      : undefined;
  };
  /** A look that shares none before it. */
  const later = async (ms = 10_000) => {
    clock.advance(ms);
    return await watch.readProcesses();
  };

  test('lists all programs once, and then asks for those that matter only (D30)', async () => {
    await watch.readProcesses();
    await later();
    await later();
    assert.deepEqual(table.calls, ['all', 'a:a pool:b', 'a:a pool:b']);
  });

  test('lists all again twice an hour, should an event be lost', async () => {
    await watch.readProcesses();
    await later(1_799_000);
    await later(1_000);
    assert.deepEqual(table.calls, ['all', 'a:a pool:b', 'all']);
  });

  test('asks once for all that look at about the same time', async () => {
    await Promise.all([watch.readProcesses(), watch.readProcesses()]);
    clock.advance(999);
    await watch.readProcesses();
    assert.equal(table.calls.length, 1);
  });

  test('asks again for who looks after an event, although an answer is under way', async () => {
    const before = watch.readProcesses();
    watch.applyEvent(ended);
    table.set(processStatus('a', 'EXITED'));
    assert.equal(await stateOf('a'), 'EXITED');
    await before;
    assert.equal(table.calls.length, 2);
  });

  test('lists all again after a group was added or removed', async () => {
    await watch.readProcesses();
    watch.applyEvent(regrouped);
    await later();
    assert.deepEqual(table.calls, ['all', 'all']);
  });

  test('lists all again when a program is there no more', async () => {
    await watch.readProcesses();
    table.remove('a');
    const view = await later();
    assert.deepEqual(table.calls, ['all', 'a:a pool:b', 'all']);
    assert.ok(view.kind === 'known' && !view.processes.some(({ name }) => name === 'a'));
  });

  test('lists all at once for a name that is new and unknown, and again when a group is added', async () => {
    await watch.readProcesses();
    wanted.push({ kind: 'program', name: 'new' });
    await later();
    await later();
    assert.deepEqual(table.calls, ['all', 'all', 'a:a pool:b']);
    table.run('new');
    watch.applyEvent(regrouped);
    assert.equal(await stateOf('new'), 'RUNNING');
  });

  test('knows nothing while supervisord does not answer, whatever it said last', async () => {
    await watch.readProcesses();
    table.isStalled = true;
    assert.deepEqual(await later(), { kind: 'unknown', message: 'no whole answer within 2000 ms' });
    table.isStalled = false;
    assert.equal((await later()).kind, 'known');
  });
});
