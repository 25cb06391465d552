import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnsweringNoticeFile } from '../../../../src/container/gate/answering-notice-file.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeHealthFile } from '../../../support/fake-health-file.ts';
import { FakeLog } from '../../../support/fake-log.ts';

const SETTINGS = { startupGraceMs: 0, unknownAfterMs: 0, isHeldReady: false };

test('the gate answers the probe while there is no agent, and only then (G6)', async () => {
  const [clock, file] = [new FakeClock(), new FakeHealthFile()];
  let hasAgent = true;
  const notices: string[] = [];
  const notice = createAnsweringNoticeFile(
    {
      gateNoticeFile: {
        read: () => undefined,
        readLast: () => undefined,
        isOwn: () => true,
        write: ({ state }) => void notices.push(state),
        remove: () => void notices.push('removed'),
      },
      agentPresence: { read: () => ({ isAlive: hasAgent, isStopping: false }) },
      clock,
      file,
      anchor: { pid: 1, startTicks: 7 },
      log: new FakeLog(),
    },
    SETTINGS,
  );
  notice.write({ state: 'held', text: 'why' });
  assert.deepEqual(file.lines, []);
  hasAgent = false;
  await clock.pass(5_000);
  assert.match(file.lines.at(-1) ?? '', /^ctrkit2 0 12 0 \d+ 1 7 why$/m);
  notice.write({ state: 'waiting', text: 'for it' });
  assert.match(file.lines.at(-1) ?? '', /^ctrkit2 0 2 0 \d+ 1 7 for it$/m);
  const { length } = file.lines;
  await clock.pass(60_000);
  assert.equal(file.lines.length, length + 6);
  notice.remove();
  await clock.pass(60_000);
  assert.equal(file.lines.length, length + 6);
  assert.deepEqual(notices, ['held', 'waiting', 'removed']);
});
