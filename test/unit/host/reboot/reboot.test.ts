import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RebootWatch } from '../../../../src/host/daemon/reboot-watch.ts';
import { finishReboot } from '../../../../src/host/reboot/finish-reboot.ts';
import { prepareReboot } from '../../../../src/host/reboot/prepare-reboot.ts';
import { EagerClock, FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { FakeReboot, Killed } from '../../../support/fake-reboot.ts';

const never = new AbortController().signal;
let side = new FakeReboot();
let clock = new EagerClock();
let said: string[] = [];
beforeEach(() => {
  side = new FakeReboot();
  side.hookNames = ['10-bgp', '20-lldp'];
  clock = new EagerClock();
  said = [];
});

const ports = () => {
  const { marks, hooks, kubelet, hasJoined } = side;
  return {
    marks,
    hooks,
    kubelet,
    hasJoined,
    clock,
    report: (text: string) => void said.push(text),
    signal: never,
  };
};
const prepare = (skipHooks = false) =>
  prepareReboot({ kind: 'warm', skipHooks, protectImages: async () => [] }, ports());
const finish = () => finishReboot(ports());
const PREPARED = ['mark warm', 'halt kubelet', '10-bgp prepare warm', '20-lldp prepare warm'];
const FINISHED = ['enable kubelet', '10-bgp done warm', '20-lldp done warm', 'remove mark'];

describe('a reboot', () => {
  test('is put on record before kubelet is halted, and the record goes last', async () => {
    assert.deepEqual(await prepare(), []);
    assert.deepEqual(side.effects, PREPARED);
    assert.deepEqual(side.kubeletState, { isEnabled: false, isActive: false });
    side.effects.length = 0;
    assert.deepEqual(await finish(), {
      kind: 'finished',
      reboot: 'warm',
      kubelet: 'kubelet is enabled and started',
      problems: [],
    });
    assert.deepEqual(side.effects, FINISHED);
    assert.deepEqual(await finish(), { kind: 'nothing' });
  });

  for (const effect of [...PREPARED, ...FINISHED])
    for (const moment of ['before', 'after'] as const)
      test(`killed ${moment} "${effect}" and run again comes out the same`, async () => {
        let isKilled = false;
        const killNow = (name: string): void => {
          if (isKilled || name !== effect) return;
          isKilled = true;
          // A kill after the effect: it is carried out, and nobody learns of it.
          if (moment === 'after') {
            side.onEffect = () => undefined;
            if (name === 'halt kubelet') side.kubeletState = { isEnabled: false, isActive: false };
            if (name === 'enable kubelet') side.kubeletState = { isEnabled: true, isActive: true };
            if (name === 'remove mark') side.mark = undefined;
            if (name === 'mark warm') side.marks.write({ ...marked(), kind: 'warm' });
          }
          throw new Killed();
        };
        const run = async (work: () => Promise<unknown>): Promise<void> => {
          side.onEffect = killNow;
          await work().catch(async (error: unknown) => {
            assert.ok(error instanceof Killed, String(error));
            side.onEffect = () => undefined;
            await work();
          });
        };
        await run(() => prepare());
        assert.deepEqual(side.kubeletState, { isEnabled: false, isActive: false });
        assert.deepEqual(side.mark?.kubelet, { isEnabled: true, isActive: true });
        await run(finish);
        assert.ok(isKilled);
        assert.deepEqual([side.mark, side.kubeletState], [undefined, { isEnabled: true, isActive: true }]);
      });

  const marked = () => ({
    bootId: clock.bootId(),
    bootMs: clock.bootMs(),
    sinceTs: 1,
    kubelet: { isEnabled: true, isActive: true },
    isNode: true,
  });

  test('prepared twice brings kubelet back all the same', async () => {
    await prepare();
    await prepare();
    await finish();
    assert.deepEqual(side.kubeletState, { isEnabled: true, isActive: true });
  });

  test('a kubelet that was off is left alone', async () => {
    side.kubeletState = { isEnabled: false, isActive: false };
    assert.deepEqual(await prepare(true), []);
    await finish();
    assert.deepEqual(side.effects, ['mark warm', '10-bgp done warm', '20-lldp done warm', 'remove mark']);
  });

  test('a switch that has left its cluster meanwhile has its kubelet left off', async () => {
    await prepare();
    side.isNode = false;
    const outcome = await finish();
    assert.ok(outcome.kind === 'finished');
    assert.match(outcome.kubelet, /joining enables kubelet/);
    assert.deepEqual(side.kubeletState, { isEnabled: false, isActive: false });
  });

  test('goes on whatever fails, and says it', async () => {
    side.failures.set('halt kubelet', '"systemctl disable" takes longer than 5 s');
    side.failures.set('10-bgp prepare warm', '"10-bgp prepare" ended with 3: no peers');
    assert.deepEqual(await prepare(), [
      'kubelet may run on: "systemctl disable" takes longer than 5 s',
      'hook "10-bgp prepare" ended with 3: no peers',
    ]);
    assert.deepEqual(side.effects, ['mark warm', '20-lldp prepare warm']);
  });

  test('does not halt a kubelet that nobody would bring back', async () => {
    side.failures.set('mark warm', 'the disk is full');
    const [problem = ''] = await prepare(true);
    assert.match(problem, /kubelet is left alone, .*the disk is full/);
    assert.deepEqual(side.kubeletState, { isEnabled: true, isActive: true });
  });

  test('does not halt a kubelet that can’t be asked, and keeps what is known of it', async () => {
    await prepare(true);
    side.failures.set('read kubelet', 'systemd is away');
    assert.deepEqual(await prepare(true), ['kubelet is left alone: systemd is away']);
    assert.deepEqual(side.mark?.kubelet, { isEnabled: true, isActive: true });
  });

  test('the hooks of a preparation have ten seconds in all, and three each', async () => {
    const limits: number[] = [];
    side.hookNames = ['a', 'b', 'c', 'd', 'e'];
    Object.assign(side.hooks, {
      run: async (_name: string, _act: string, _kind: string, { limitMs }: { limitMs: number }) => {
        limits.push(limitMs);
        await clock.sleep(limitMs);
      },
    });
    const problems = await prepare();
    assert.deepEqual(limits, [3_000, 3_000, 3_000, 1_000]);
    assert.deepEqual(problems, ['hook e was not run: no time was left']);
    assert.ok(
      said.some((text) => text.startsWith('hook a …')),
      said.join('\n'),
    );
  });

  test('the record of another one, prepared meanwhile, stays', async () => {
    await prepare(true);
    side.onEffect = (effect) => {
      if (effect !== '20-lldp done warm' || side.mark === undefined) return;
      side.mark = { ...side.mark, kind: 'fast', bootMs: side.mark.bootMs + 5 };
    };
    await finish();
    assert.equal(side.mark?.kind, 'fast');
  });

  test('a record that makes no sense is removed, and said', async () => {
    side.problem = 'reboot.json: it is no record of a reboot';
    assert.deepEqual(await finish(), { kind: 'nothing' });
    assert.match(said.join('\n'), /no record of a reboot; it is removed/);
    assert.equal(side.problem, undefined);
  });
});

describe('the daemon', () => {
  async function watch(fake: FakeClock, minutes: number, work: (watched: RebootWatch) => void) {
    const log = new FakeLog();
    const watched = new RebootWatch({ side, clock: fake, log, random: () => 0 });
    const stop = new AbortController();
    const run = watched.run(stop.signal);
    work(watched);
    for (let i = 0; i < minutes * 4; i += 1) {
      fake.advance(15_000);
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    }
    stop.abort();
    await run;
    return { log, watched };
  }
  const markOf = (bootId: string, bootMs: number) => ({
    kind: 'warm' as const,
    bootId,
    bootMs,
    sinceTs: 1,
    kubelet: { isEnabled: true, isActive: true },
    isNode: true,
  });

  test('takes back what the boot before has prepared', async () => {
    side.mark = markOf('boot-0', 5);
    side.kubeletState = { isEnabled: false, isActive: false };
    const { watched } = await watch(new FakeClock(), 1, (one) => assert.equal(one.isUnderWay(), false));
    assert.deepEqual(side.effects, FINISHED);
    assert.equal(watched.isUnderWay(), false);
  });

  test('a reboot that does not come is taken back after ten minutes', async () => {
    const fake = new FakeClock();
    side.mark = markOf(fake.bootId(), fake.bootMs());
    await watch(fake, 9, (one) => assert.equal(one.isUnderWay(), true));
    assert.deepEqual(side.effects, []);
    await watch(fake, 2, (one) => assert.equal(one.isUnderWay(), true));
    assert.deepEqual(side.effects, FINISHED);
  });

  test('tries again, slower and slower, until kubelet is back', async () => {
    side.mark = markOf('boot-0', 5);
    side.failures.set('enable kubelet', 'systemd is away');
    const { log } = await watch(new FakeClock(), 10, () => undefined);
    assert.deepEqual(side.effects, []);
    assert.notEqual(side.mark, undefined);
    assert.ok(log.lines.some((line) => JSON.stringify(line).includes('systemd is away')));
    side.failures.clear();
    await watch(new FakeClock(), 1, () => undefined);
    assert.deepEqual(side.effects, FINISHED);
  });
});
