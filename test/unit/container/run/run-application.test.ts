import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runApplication, type TakenSignal } from '../../../../src/container/run/run-application.ts';
import { EXIT } from '../../../../src/contract/exit-codes.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { FakeLog } from '../../../support/fake-log.ts';

/** Everything that happens, in order. */
function prepare(gate: Promise<number>) {
  const events: string[] = [];
  let take: (signal: TakenSignal) => void = () => {};
  let endCommand: (exitCode: number) => void = () => {};
  let endAgent: () => void = () => {};
  const agent = {
    run: () => new Promise<void>((resolve) => (endAgent = resolve)),
    stop: () => void events.push('agent stops'),
    end: () => {
      events.push('agent ends');
      endAgent();
    },
  };
  const exitCode = runApplication({
    agent,
    runGate: () => gate,
    startCommand: () => {
      events.push('command starts');
      const ended = new Promise<number>((resolve) => (endCommand = resolve));
      return { ended, signal: (signal) => void events.push(signal) };
    },
    forgetClaim: () => void events.push('claim forgotten'),
    onSignal: (listener) => (take = listener),
    clock: { wallMs: () => 0 },
    lastEnd: { read: () => '', write: (text) => void events.push(text) },
    log: new FakeLog(),
  });
  return {
    events,
    exitCode,
    take: (name: NodeJS.Signals, number: number) => take({ name, number }),
    endCommand: (code: number) => endCommand(code),
  };
}

const ENDED = ['agent ends', 'claim forgotten'];
const passTurns = () => new Promise((resolve) => setImmediate(resolve));

describe('gate, application and agent in one process', () => {
  test('the application that ends by itself: the reason is left, its status returned', async () => {
    const { events, exitCode, endCommand } = prepare(Promise.resolve(EXIT.ok));
    await passTurns();
    endCommand(3);
    assert.equal(await exitCode, 3);
    const reason = '1970-01-01T00:00:00.000Z the command ended by itself, with 3';
    assert.deepEqual(events, ['command starts', reason, 'agent ends', 'claim forgotten']);
  });

  test('SIGTERM is a stop, and forwarded; SIGHUP is forwarded only', async () => {
    const { events, exitCode, take, endCommand } = prepare(Promise.resolve(EXIT.ok));
    await passTurns();
    take('SIGHUP', 1);
    take('SIGTERM', 15);
    endCommand(143);
    assert.equal(await exitCode, 143);
    assert.deepEqual(events, [
      'command starts',
      'SIGHUP',
      'agent stops',
      'SIGTERM',
      'agent ends',
      'claim forgotten',
    ]);
  });

  test('a signal before the go ends it, and a go that comes then starts nothing', async () => {
    const { events, exitCode, take } = prepare(passTurns().then(() => EXIT.ok));
    take('SIGTERM', 15);
    assert.equal(await exitCode, 143);
    await passTurns();
    assert.deepEqual(events, ['agent stops', 'agent ends', 'claim forgotten']);
  });

  test('any end of the gate but go starts nothing', async () => {
    const orphaned = prepare(Promise.resolve(129));
    assert.equal(await orphaned.exitCode, 129);
    const wrong = prepare(Promise.reject(new CtrkitError('usage', 'no')));
    await assert.rejects(wrong.exitCode, /no/);
    assert.deepEqual([orphaned.events, wrong.events], [ENDED, ENDED]);
  });
});
