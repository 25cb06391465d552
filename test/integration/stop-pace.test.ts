import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/adapters/clock.ts';
import { hastenStop } from '../../src/container/adapters/supervisor/hasten-stop.ts';
import { Supervisord } from '../support/supervisord.ts';
import { until } from '../support/until.ts';

const PROGRAMS = 4;

/** Milliseconds from SIGTERM to the end of a supervisord whose programs all end at once, a group each. */
async function timeStop(t: TestContext, isHastened: boolean): Promise<number> {
  const programs = Array.from(
    { length: PROGRAMS },
    (_, i) => `[program:app${i}]\ncommand=/bin/sleep 1000\npriority=${i}\n`,
  );
  const supervisord = new Supervisord(() => programs.join(''));
  t.after(() => supervisord.stop());
  await supervisord.waitUntilUp();
  await until('all run', () => supervisord.log().split('entered RUNNING state').length === PROGRAMS + 1);
  const before = performance.now();
  supervisord.signal('SIGTERM');
  const calm = isHastened ? hastenStop(systemClock, supervisord.socketPath) : undefined;
  await until('supervisord has ended', () => supervisord.isGone);
  calm?.end();
  return performance.now() - before;
}

test('a container that stops does not lose a second on the way', async (t) => {
  // One measurement says nothing on a machine with other things to do: they are taken until one shows it.
  const [alone, hastened] = await until('it ends half a second sooner', async () => {
    const tookMs = [await timeStop(t, false), await timeStop(t, true)] as const;
    return tookMs[0] - tookMs[1] > 500 && tookMs;
  });
  t.diagnostic(`supervisord alone ${Math.round(alone)} ms, hastened ${Math.round(hastened)} ms`);
});
