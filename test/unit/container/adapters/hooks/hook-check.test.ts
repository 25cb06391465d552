import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { HookCheck } from '../../../../../src/container/adapters/hooks/hook-check.ts';
import { HookProcess, type StartedChild } from '../../../../../src/container/adapters/hooks/hook-process.ts';
import type { HookRunner } from '../../../../../src/container/adapters/hooks/hook-runner.ts';
import { DEFAULT_TIMING } from '../../../../../src/contract/health/check.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

/** Above any number the kernel gives: nobody is killed by it. */
const NO_PID = 2 ** 22 + 1;

/** A process in the kernel's hands: it ends when the test says so. */
function fakeChild(): StartedChild & { finish(code: number | null, signal: string | null): void } {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const child = Object.assign(new EventEmitter(), streams, {
    pid: NO_PID,
    exitCode: null as number | null,
    signalCode: null as string | null,
    unref() {},
    finish(code: number | null, signal: string | null) {
      child.exitCode = code;
      child.signalCode = signal;
      child.emit('exit', code, signal);
    },
  });
  return child as unknown as ReturnType<typeof fakeChild>;
}

function checkOver(run: HookRunner['run'], clock = new FakeClock()): HookCheck {
  const timing = { ...DEFAULT_TIMING, timeoutMs: 50 };
  return new HookCheck({
    name: 'required.d/a',
    kind: 'required',
    path: '/a',
    timing,
    runner: { run },
    clock,
  });
}

const noReader = (): ChildProcess | undefined => undefined;

describe('a hook that can not be killed', () => {
  test('is failing within a second of its limit, and no second one is started until it has gone', async () => {
    const clock = new FakeClock();
    const children: ReturnType<typeof fakeChild>[] = [];
    const check = checkOver(async (_path, { limitMs }, onGone) => {
      const child = fakeChild();
      children.push(child);
      const hook = new HookProcess(child, limitMs, noReader);
      void hook.gone.then(onGone);
      return hook.end;
    }, clock);
    const first = await check.run();
    assert.equal(first.result, 'failing');
    assert.match(first.message, /^still runs after 1 s, killed in vain/);
    clock.advance(60_000);
    const second = await check.run();
    assert.match(second.message, /^still runs after 60 s/);
    assert.equal(second.result === 'failing' && second.isMendedByRestart, false);
    assert.equal(children.length, 1);
    assert.equal(check.isBusy, true);
    children[0]?.finish(null, 'SIGKILL');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(check.isBusy, false);
    void check.run();
    assert.equal(children.length, 2);
    children[1]?.finish(0, null);
  });
});

describe('a hook that has ended', () => {
  test('is judged with what it had written and was not read yet', async () => {
    const child = fakeChild();
    const hook = new HookProcess(child, 60_000, noReader);
    child.finish(5, null);
    child.stdout.destroy();
    child.stderr.push('snmpd is mute');
    child.stderr.push(null);
    assert.deepEqual(await hook.end, { how: 'exited', code: 5, line: 'snmpd is mute' });
  });
});

describe('a hook that ended while the agent was stopped', () => {
  test('is judged by its own code, though its limit is noticed first', async () => {
    const child = fakeChild();
    const hook = new HookProcess(child, 1, noReader);
    child.stdout.push('well');
    // Both were due: the timer comes first in a turn of the event loop.
    setTimeout(() => child.finish(0, null), 5);
    child.stdout.push(null);
    child.stderr.push(null);
    child.stderr.resume();
    await once(child, 'exit');
    assert.deepEqual(await hook.end, { how: 'exited', code: 0, line: 'well' });
  });
});

describe('a run that breaks', () => {
  test('is unknown, and the next one is tried', async () => {
    let runs = 0;
    const check = checkOver(async () => {
      runs += 1;
      throw new Error('no such thing');
    });
    assert.deepEqual(await check.run(), { result: 'unknown', message: 'not run: no such thing' });
    await check.run();
    assert.equal(runs, 2);
  });
});
