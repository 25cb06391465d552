import assert from 'node:assert/strict';
import { EACH_SECOND, mountTexts } from '../support/altered-files.ts';
import { probeAll } from '../support/health-view.ts';
import { signalApplication } from '../support/signals.ts';
import { scenario, type Switch } from '../support/switch.ts';

const upStatus = async (here: Switch): Promise<unknown[]> => {
  const { up_status, fail_reason } = await here.status();
  return [up_status, fail_reason];
};

scenario('up_status and fail_reason follow readiness where check_up_status wants them', async (here) => {
  await here.startDatabase();
  // As SONiC's templates write it.
  await here.config.hset('FEATURE|snmp', 'check_up_status', 'True');
  const recorder = await here.record();
  const container = await here.start('local', { mounts: await mountTexts(EACH_SECOND) });
  await here.untilStatus(container, 'healthy');
  assert.deepEqual(await upStatus(here), ['true', '']);
  // It was said to be down before it was up: sysmonitor waits for that.
  await recorder.settle();
  const first = recorder.statusWrites.find(({ fields }) => 'up_status' in fields)?.fields;
  assert.equal(first?.['up_status'], 'false');
  assert.match(first?.['fail_reason'] ?? '', /\S/);

  await signalApplication(container, 'snmp', 'STOP');
  await here.untilStatus(container, 'unhealthy');
  const [isUp, reason] = await upStatus(here);
  assert.equal(isUp, 'false');
  assert.match(String(reason), /^required\.d\/snmp-get: snmpd does not answer: /);
  await signalApplication(container, 'snmp', 'CONT');
  await here.untilStatus(container, 'healthy');
  assert.deepEqual(await upStatus(here), ['true', '']);
  await here.stop(container);
  assert.deepEqual(await upStatus(here), ['false', 'stopped']);
});

scenario('up_status and fail_reason are not written for a feature that nobody waits for', async (here) => {
  await here.startDatabase();
  await here.config.hset('FEATURE|snmp', 'check_up_status', 'false');
  const recorder = await here.record();
  const container = await here.start('local', { mounts: await mountTexts(EACH_SECOND) });
  await here.untilStatus(container, 'healthy');
  assert.deepEqual(await probeAll(container), [0, 0, 0]);
  await here.stop(container);
  assert.deepEqual(await upStatus(here), [undefined, undefined]);
  await recorder.settle();
  const fields = new Set(recorder.statusWrites.flatMap((write) => Object.keys(write.fields)));
  assert.ok(fields.has('claim_token'), 'nothing was recorded at all');
  assert.ok(!fields.has('up_status') && !fields.has('fail_reason'));
});
