/** The layouts that SONiC's images have, with a real supervisord: who asks the gate, and who does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImageContainer } from '../support/image.ts';
import { GO } from '../support/program.ts';

const APP = `[program:app]
command=sleep 100000
`;

test('an image without a program start comes to ready (G24)', async (t) => {
  const image = await ImageContainer.start(t, {
    programs: APP,
    files: { critical_processes: 'program:app\n' },
  });
  const gate = image.here.gate('local', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  await image.waitForProbe('readiness', 0);
  const { checks = '' } = await image.waitForStatus('healthy');
  assert.doesNotMatch(checks, /"name":"start"/);
});

test('a critical process that supervisord never has is told once and degrades nothing (G26)', async (t) => {
  const files = { critical_processes: 'program:app\nprogram:dsserve\n' };
  const image = await ImageContainer.start(t, { programs: APP, files });
  const gate = image.here.gate('local', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  await image.waitForStatus('healthy');
  assert.equal(image.log.match(/supervisord has no program "dsserve"/g)?.length, 1, image.log);
});
