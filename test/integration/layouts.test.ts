/** The layouts that SONiC's images have, with a real supervisord: who asks the gate, and who does not. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImageContainer } from '../support/image.ts';
import { childrenOf } from '../support/processes.ts';
import { GO } from '../support/program.ts';
import { until } from '../support/until.ts';

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

const NEVER_ASKS = `[program:start]
command=/bin/true
startsecs=0
autorestart=false
${APP}autorestart=false
`;
const LISTS = { critical_processes: 'program:app\n' };

for (const [source, env, files] of [
  ['CTRKIT_FEATURE', { CTRKIT_FEATURE: 'snmp' }, {}],
  ['a line of its image', {}, { feature: 'snmp\n' }],
  ['the name and ASIC of its container', { CONTAINER_NAME: 'snmp0', NAMESPACE_ID: '0' }, {}],
] as const)
  test(`a local image that never asks is claimed for, by ${source}, and ends with its critical process (G23)`, async (t) => {
    const redis = env as Readonly<Record<string, string>>;
    const options = { env: { ...redis, IMAGE_VERSION: '1.4.0' }, programs: NEVER_ASKS };
    const image = await ImageContainer.start(t, { ...options, files: { ...LISTS, ...files } });
    if (!('NAMESPACE_ID' in env)) {
      await image.redis.config.hset('FEATURE|snmp', { auto_restart: 'enabled' });
    }
    await image.waitForProbe('readiness', 0);
    await image.waitForStatus('healthy');
    const { current_owner, container_id, container_version } = await image.redis.status();
    assert.deepEqual([current_owner, container_id, container_version], ['local', 'snmp', '1.4.0']);
    if ('NAMESPACE_ID' in env) return;
    process.kill(await image.waitForPid('app'), 'SIGKILL');
    await image.supervisord.waitForEnd();
    assert.match(image.log, /critical process app was ended by a signal: ending supervisord/);
  });

test('a local image that nothing names says which line names it, and is not ready', async (t) => {
  const image = await ImageContainer.start(t, { programs: NEVER_ASKS, files: LISTS });
  await image.waitForLog('RUN echo FEATURE >/etc/ctrkit/feature');
  await image.waitForProbe('readiness', 2);
  assert.equal(image.here.hasClaim, false);
});

test('a program that asks the gate and is started again into a hold is not ready and not healthy; then it goes on (F4)', async (t) => {
  const programs =
    '[program:app]\ncommand={overlay}/usr/bin/container_startup -f snmp -o kube -v 1.4.0 -- sleep 100000\nautorestart=true\n';
  const image = await ImageContainer.start(t, { env: { RUNTIME_OWNER: 'kube' }, programs, files: LISTS });
  await image.redis.wantKube({ status: { remote_state: 'ready' } });
  await image.waitForStatus('healthy');
  await image.waitForProbe('readiness', 0);
  const { claim_token } = await image.redis.status();
  await image.redis.config.hset('FEATURE|snmp', 'state', 'disabled', 'auto_restart', 'disabled');
  process.kill(await image.waitForPid('app'), 'SIGKILL');
  await image.waitForProbe('readiness', 12);
  await image.waitForProbe('startup', 0);
  await image.waitForProbe('liveness', 0);
  const beat = await image.waitForStatus('degraded');
  assert.match(beat['reason'] ?? '', /the gate was asked again, and is closed: held \(feature-disabled\)/);
  assert.equal(beat['healthy_since_ms'], '');
  assert.equal((await image.redis.status())['claim_token'], claim_token);
  // Nor is it when that gate is killed: the launcher asks again after a minute.
  const [gate] = childrenOf(await image.waitForPid('app'));
  assert.ok(gate);
  process.kill(gate.pid, 'SIGKILL');
  await until('it is told', async () => {
    const row = await image.redis.row('CONTAINER_HEALTH|snmp');
    return row['reason']?.includes('the gate that was asked again has ended without a go') === true;
  });
  await image.waitForProbe('readiness', 12);
  assert.equal((await image.redis.row('CONTAINER_HEALTH|snmp'))['healthy_since_ms'], '');
  await image.redis.config.hset('FEATURE|snmp', 'state', 'enabled');
  await image.waitForProbe('readiness', 0);
  await image.waitForStatus('healthy');
});

test('an application of owner kube that no gate let go ends the container', async (t) => {
  const env = { RUNTIME_OWNER: 'kube', CTRKIT_FEATURE: 'snmp' };
  const image = await ImageContainer.start(t, { env, programs: NEVER_ASKS, files: LISTS });
  await image.supervisord.waitForEnd();
  assert.match(
    image.log,
    /ungated: app runs, owner is kube, and no gate let it go\. .*: ENTRYPOINT \["\/usr\/bin\/container_startup", "-f", "snmp", "--", "supervisord"\]/,
  );
});

test('an owner that is mistyped is no local one: an application that no gate let go ends the container (F2)', async (t) => {
  const env = { RUNTIME_OWNER: 'Kube', CTRKIT_FEATURE: 'snmp' };
  const image = await ImageContainer.start(t, { env, programs: NEVER_ASKS, files: LISTS });
  await image.supervisord.waitForEnd();
  assert.match(image.log, /RUNTIME_OWNER is neither local nor kube: taken for kube/);
  assert.match(image.log, /ungated: app runs, owner is kube/);
});

test('so it does beside a gate that holds, but not where CTRKIT_UNGATED says report', async (t) => {
  const env = { RUNTIME_OWNER: 'kube', CTRKIT_UNGATED: 'report' };
  const held = await ImageContainer.start(t, { env, programs: NEVER_ASKS, files: LISTS });
  const gate = held.here.gate('kube', '1.4.0');
  await gate.waitForLine('held (owner-is-local)');
  await held.waitForLog('ungated: app runs beside the gate');
  assert.ok(held.supervisord.isRunning);
});

test('an agent that is killed when claim.json is gone too leaves its claim on record, and the next one goes on with it (G4)', async (t) => {
  const env = { RUNTIME_OWNER: 'kube', IMAGE_VERSION: '1.4.0', CONTAINER_NAME: 'snmp' };
  const entrypoint = 'exec {overlay}/usr/bin/container_startup -f snmp -- "$@"';
  const image = await ImageContainer.start(t, { env, programs: NEVER_ASKS, files: LISTS, entrypoint });
  await image.redis.wantKube({ status: { remote_state: 'ready' } });
  await image.waitForProbe('readiness', 0);
  await image.waitForStatus('healthy');
  const { claim_token } = await image.redis.status();
  const agent = await image.waitForPid('ctrkit_agent');
  process.kill(agent, 'SIGSTOP');
  rmSync(image.here.claimPath);
  process.kill(agent, 'SIGKILL');
  await image.waitForLog('claim.json had vanished: written again by the claim on record');
  const readSeq = async () => Number((await image.redis.row('CONTAINER_HEALTH|snmp'))['seq']);
  const seq = await readSeq();
  await until('it beats again', async () => (await readSeq()) > seq + 2);
  assert.equal((await image.redis.status())['claim_token'], claim_token);
  assert.equal(image.here.readClaim()['token'], claim_token);
  assert.ok(image.supervisord.isRunning);
  assert.doesNotMatch(image.log, /ungated/);
});

test('a shell that is started again every few seconds is found by the time that it runs (G1)', async (t) => {
  const programs = '[program:app]\ncommand={here}/app.sh\nstartsecs=1\nautorestart=true\n';
  const files = { ...LISTS, 'app.sh': '#!/bin/sh\nsleep 8\n:\n' };
  const env = { RUNTIME_OWNER: 'kube', CTRKIT_FEATURE: 'snmp' };
  const image = await ImageContainer.start(t, { env, programs, files });
  await until(
    () => `the container is ended. ${image.log}`,
    () => !image.supervisord.isRunning,
    { deadlineMs: 100_000 },
  );
  assert.match(image.log, /ungated: app runs, owner is kube, and no gate let it go/);
});

/** What the drop-in does before it becomes the gate. */
const STOP_CALLER = 'kill -STOP $PPID';

test('a gate that was killed beside a caller that stands still ends the container', async (t) => {
  const start = `#!/bin/sh
/bin/sh -c '${STOP_CALLER}; exec {overlay}/usr/bin/container_startup -f snmp -o kube -v 1.4.0'
echo went on >{here}/went-on
`;
  const programs = `[program:start]\ncommand={here}/start.sh\nstartsecs=0\nautorestart=false\n`;
  const files = { ...LISTS, 'start.sh': start };
  const image = await ImageContainer.start(t, { env: { RUNTIME_OWNER: 'kube' }, programs, files });
  await image.waitForProbe('readiness', 12);
  const { pid } = JSON.parse(readFileSync(join(image.here.runFolder, 'gate.json'), 'utf8')) as {
    pid: number;
  };
  process.kill(pid, 'SIGKILL');
  await image.waitForLog(
    'the gate is lost: it was killed, and what called it stands still: ending supervisord',
  );
  await image.supervisord.waitForEnd();
  assert.ok(!existsSync(join(image.folder, 'went-on')));
});

const DROP_IN = readFileSync('rootfs/usr/share/sonic/scripts/container_startup.py', 'utf8').replaceAll(
  '/usr/bin/container_startup',
  '{overlay}/usr/bin/container_startup',
);
const CALL = '{here}/container_startup.py -f snmp -o kube -v 1.4.0';

for (const [where, line] of [
  ['in a job of its own', `set -m\n${CALL}`],
  ['below a shell below su, which stops itself with its child', `su root -c '${CALL}; true'`],
] as const)
  test(`a start.sh that runs the drop-in ${where} stands still while it is held, and goes on at go (G1)`, async (t) => {
    const programs = '[program:start]\ncommand={here}/start.sh\nstartsecs=0\nautorestart=false\n';
    const start = `#!/bin/bash\n${line}\necho went on >{here}/went-on\n`;
    const files = { ...LISTS, 'start.sh': start, 'container_startup.py': DROP_IN };
    const image = await ImageContainer.start(t, { env: { RUNTIME_OWNER: 'kube' }, programs, files });
    const hasGoneOn = () => existsSync(join(image.folder, 'went-on'));
    await image.waitForProbe('readiness', 12);
    assert.ok(!hasGoneOn());
    await image.redis.wantKube({ status: { remote_state: 'ready' } });
    await until(() => `start.sh goes on. ${image.log}`, hasGoneOn);
    assert.ok(image.here.hasClaim);
  });

test('a start.sh that is killed while its gate holds it has failed: the log says so and what to do, and liveness fails', async (t) => {
  const programs = `[program:start]\ncommand={here}/start.sh\nstartsecs=0\nautorestart=false\n${APP}autostart=false\n`;
  const start = `#!/bin/bash\n${CALL}\necho went on >{here}/went-on\n`;
  const files = {
    ...LISTS,
    'start.sh': start,
    'container_startup.py': DROP_IN,
    'checks.toml': 'startupGraceSeconds = 1\n',
  };
  const image = await ImageContainer.start(t, { env: { RUNTIME_OWNER: 'kube' }, programs, files });
  await image.waitForProbe('readiness', 12);
  process.kill(await image.waitForPid('start'), 'SIGKILL');
  const line =
    'start was ended by a signal before a gate let the application go, and nothing starts it again: restart the container';
  await image.waitForLog(line);
  for (const probe of ['startup', 'readiness', 'liveness']) await image.waitForProbe(probe, 2);
  assert.ok(image.probe('liveness').text.includes(line), image.probe('liveness').text);
  assert.ok(!existsSync(join(image.folder, 'went-on')));
  await image.redis.wantKube({ status: { remote_state: 'ready' } });
  spawnSync('supervisorctl', [
    '--serverurl',
    `unix://${image.here.runFolder}/supervisor.sock`,
    'start',
    'start',
  ]);
  await until('the next start.sh goes on', () => existsSync(join(image.folder, 'went-on')));
});

test('a program that asks the gate itself is not ungated while its gate holds it, and comes to ready (bmp)', async (t) => {
  const app = `#!/bin/sh
sleep 5
{overlay}/usr/bin/container_startup -f snmp -o kube -v 1.4.0 || exit 1
exec sleep 100000
`;
  const programs = '[program:app]\ncommand={here}/app.sh\nautorestart=false\n';
  const env = { RUNTIME_OWNER: 'kube' };
  const image = await ImageContainer.start(t, { env, programs, files: { ...LISTS, 'app.sh': app } });
  await image.waitForProbe('readiness', 12);
  await image.redis.wantKube({ status: { remote_state: 'ready' } });
  await image.waitForProbe('readiness', 0);
  assert.doesNotMatch(image.log, /ungated/);
});

const BEATING = `[program:start]
command=/bin/true
startsecs=0
autorestart=false
[program:app]
command=/bin/sh -c 'while sleep 0.2; do printf "<!--XSUPERVISOR:BEGIN-->beat<!--XSUPERVISOR:END-->"; done'
stdout_capture_maxbytes=1KB
stopasgroup=true
`;

test('a process that is frozen for a warm reboot is no reason for a restart (G25)', async (t) => {
  const files = { watchdog_processes: 'program:app\n', 'checks.toml': '[defaults]\nperiodSeconds = 0.5\n' };
  const image = await ImageContainer.start(t, { programs: BEATING, files: { ...LISTS, ...files } });
  const { redis } = image;
  await redis.config.hset('HEARTBEAT|app', { heartbeat_interval: '500', alert_interval: '1000' });
  await redis.state.hset('WARM_RESTART_ENABLE_TABLE|system', { enable: 'true' });
  const gate = image.here.gate('local', '1.4.0');
  assert.deepEqual(await gate.waitForEnd(), GO, gate.said);
  await image.waitForProbe('readiness', 0);
  process.kill(await image.waitForPid('app'), 'SIGSTOP');
  const readSeq = async () => Number((await redis.row('CONTAINER_HEALTH|snmp'))['seq']);
  const seq = await readSeq();
  await until('ten heartbeats later', async () => (await readSeq()) > seq + 10);
  assert.equal(image.probe('liveness').code, 0, image.log);
  await redis.state.hset('WARM_RESTART_ENABLE_TABLE|system', { enable: 'false' });
  await image.waitForProbe('liveness', 10);
});

test('the line that makes an image ask makes it ask: held it starts nothing, and then it comes to ready', async (t) => {
  const entrypoint =
    'exec {overlay}/usr/bin/container_startup -f snmp -o "${RUNTIME_OWNER:-kube}" -v "$IMAGE_VERSION" -- "$@"';
  const options = { env: { RUNTIME_OWNER: 'kube', IMAGE_VERSION: '1.4.0' }, programs: NEVER_ASKS };
  const image = await ImageContainer.start(t, { ...options, files: LISTS, entrypoint });
  await image.supervisord.waitForLine('held (owner-is-local)');
  assert.equal(image.pidOf('app'), undefined);
  await image.redis.wantKube({ status: { remote_state: 'ready' } });
  await image.waitForProbe('readiness', 0);
  assert.equal((await image.redis.status())['container_version'], '1.4.0');
  assert.doesNotMatch(image.log, /ungated/);
});

for (const owner of ['kube', 'local'] as const)
  test(`a reload of supervisord in an image that asked before it, owner ${owner}: the claim is made again, with no list of processes too`, async (t) => {
    const entrypoint = 'exec {overlay}/usr/bin/container_startup -f snmp -- "$@"';
    const env = { RUNTIME_OWNER: owner, IMAGE_VERSION: '1.4.0' };
    const image = await ImageContainer.start(t, { env, programs: APP, files: {}, entrypoint });
    if (owner === 'kube') await image.redis.wantKube({ status: { remote_state: 'ready' } });
    await image.waitForProbe('readiness', 0);
    const before = await image.redis.status();
    const app = await image.waitForPid('app');
    image.supervisord.signal('SIGHUP');
    await image.waitForLog('released');
    await until('the application runs again', () => ![undefined, app].includes(image.pidOf('app')));
    await until('it is on record again', async () => (await image.redis.status())['current_owner'] === owner);
    const after = await image.redis.status();
    assert.equal(after['claim_token'], before['claim_token']);
    await image.waitForProbe('readiness', 0);
  });

test('ctrkit_agent --check tells how an image comes to the gate, and which line is missing (G24)', async (t) => {
  const files = {
    ...LISTS,
    'supervisord.conf': `[program:app]\ncommand={here}/app.sh\n[include]\nfiles = {here}/conf.d/*.conf\n`,
    'conf.d/ctrkit.conf': '[eventlistener:ctrkit_agent]\ncommand=/usr/bin/ctrkit_agent\n',
  };
  const image = await ImageContainer.start(t, { files });
  const check = async (): Promise<string> => {
    const command = image.here.command('ctrkit_agent', '--check');
    assert.equal((await command.waitForEnd()).code, 0, command.said);
    return `${command.stdout}${command.stderr}`;
  };
  image.write('app.sh', '#!/bin/sh\nexec sleep 1\n');
  assert.match(
    await check(),
    /^layout: no program asks the gate\nowner local: .*RUN echo FEATURE >\/etc\/ctrkit\/feature$/m,
  );
  image.write('feature', 'eventd\n');
  assert.match(
    await check(),
    /^owner local: claimed for as eventd\nowner kube: .*container_startup", "-f", "eventd", /m,
  );
  image.write('app.sh', '#!/bin/sh\n/usr/share/sonic/scripts/container_startup.py -f bmp\n');
  assert.match(await check(), /^layout: asks the gate in the program app, by .*\/app\.sh$/m);
  image.write('critical_processes', 'program:app\nprogram:dsserve\n');
  image.write('conf.d/ctrkit.conf', '');
  const warnings = await check();
  assert.match(warnings, /warning: supervisord has no program "dsserve"/);
  assert.match(warnings, /warning: .* does not include conf\.d\/ctrkit\.conf/);
});
