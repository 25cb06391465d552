import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enterAsAgent, type AgentEntryPorts } from '../../../../src/container/agent/enter-as-agent.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

type Process = AgentEntryPorts['agentEntry']['self'];

/** The run folder, by which processes see each other; `onStep` is called before each step of any of them. */
class Folder {
  readonly clock = new FakeClock();
  readonly announced = new Set<Process>();
  agent: Process | undefined;
  readonly dead = new Set<Process>();
  onStep = (): void => {};
  error: CtrkitError | undefined;

  enter(self: Process): Promise<boolean> {
    const step = <T>(act: () => T): T => {
      this.onStep();
      if (this.error !== undefined) throw this.error;
      return act();
    };
    return enterAsAgent({
      clock: this.clock,
      agentPresence: {
        read: () => step(() => this.agent && { isAlive: !this.dead.has(this.agent), isStopping: false }),
        write: () => step(() => void (this.agent = self)),
      },
      agentEntry: {
        self,
        announce: () => step(() => void this.announced.add(self)),
        withdraw: () => void this.announced.delete(self),
        listOthers: () =>
          step(() => [...this.announced].filter((other) => other !== self && !this.dead.has(other))),
      },
    });
  }
}

const OLD: Process = { pid: 7, startTicks: 100 };
const NEW: Process = { pid: 5, startTicks: 101 };

describe('one agent of a container', () => {
  test('the first gets in, a second does not, and the next one does when that has been killed (F7)', async () => {
    const folder = new Folder();
    assert.equal(await folder.enter(OLD), true);
    const second = folder.enter(NEW);
    await folder.clock.pass(3_000);
    assert.equal(await second, false);
    assert.equal(folder.agent, OLD);
    folder.dead.add(OLD);
    assert.equal(await folder.enter(NEW), true);
    assert.equal(folder.announced.size, 0);
  });

  test('one whose predecessor is about to end waits for that (F7)', async () => {
    const folder = new Folder();
    await folder.enter(OLD);
    const second = folder.enter(NEW);
    await folder.clock.pass(500);
    folder.dead.add(OLD);
    await folder.clock.pass(100);
    assert.equal(await second, true);
  });

  test('of two that are started at once one gets in, whichever of their steps comes first (F7)', async () => {
    for (const [first, other] of [
      [OLD, NEW],
      [NEW, OLD],
    ] as const)
      // The other one makes all its steps right before step `at` of the first.
      for (let at = 1; at <= 6; at += 1) {
        const folder = new Folder();
        let steps = 0;
        let entered: Promise<boolean> | undefined;
        folder.onStep = () => {
          steps += 1;
          if (steps === at && entered === undefined) entered = folder.enter(other);
        };
        const firstEntered = folder.enter(first);
        entered ??= folder.enter(other);
        await folder.clock.pass(3_000);
        const results = [await firstEntered, await entered];
        assert.equal(results.filter((isIn) => isIn).length, 1, `step ${at}`);
        assert.equal(folder.agent, results[0] === true ? first : other);
      }
  });

  test('one that was killed while it looked is in nobody’s way, and neither is a folder that can’t be written (F7)', async () => {
    const folder = new Folder();
    folder.announced.add(OLD);
    folder.dead.add(OLD);
    assert.equal(await folder.enter(NEW), true);
    const closed = new Folder();
    closed.error = new CtrkitError('defect', 'read-only');
    assert.equal(await closed.enter(NEW), true);
  });
});
