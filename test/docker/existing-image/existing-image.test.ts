import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildImage, execIn } from '../../support/images.ts';
import { bootMs } from '../../support/boot-clock.ts';
import { assertClaimed, assertNotRunning, assertReleased } from '../support/assertions.ts';
import { scenario } from '../support/switch.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

const quote = (text: string): string =>
  text
    .trim()
    .replaceAll("'", `'"'"'`)
    .split('\n')
    .map((line) => `'${line}'`)
    .join(' ');

/** An instruction that writes a file. */
const file = (path: string, mode: string, text: string): string =>
  `RUN mkdir -p $(dirname ${path}) && printf '%s\\n' ${quote(text)} >${path} && chmod ${mode} ${path}`;

const SUPERVISORD_CONF = `
[unix_http_server]
file=/var/run/supervisor.sock
chmod=0700
[supervisord]
logfile_maxbytes=1MB
nodaemon=true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix:///var/run/supervisor.sock
[include]
files=/etc/supervisor/conf.d/*.conf`;

const PROGRAMS = `
[program:start]
command=/usr/bin/start.sh
autorestart=false
startsecs=0
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
redirect_stderr=true
[program:snmpd]
command=/usr/sbin/snmpd -f -Lo -C -c /etc/snmp/own.conf udp:161
environment=MIBS=""
autostart=false
autorestart=false`;

const START_SH = `
#!/usr/bin/env bash
RUNTIME_OWNER=\${RUNTIME_OWNER:-kube}
if test -f /usr/share/sonic/scripts/container_startup.py; then
  /usr/share/sonic/scripts/container_startup.py -f snmp -o \${RUNTIME_OWNER} -v \${IMAGE_VERSION}
fi
supervisorctl start snmpd`;

/** Stands for the script that such an image brings: it lets everybody through. */
const OWN_GATE = `
#!/bin/sh
exit 0`;

const SNMPD_CONF = `
rocommunity public
sysLocation 1.0.0`;

/** A feature image of before the kit, of nothing but Debian packages and its own files. */
const buildExisting = (): Promise<string> => {
  const base = execFileSync('sh', [`${repository}/test/support/machine/base-image`], { encoding: 'utf8' });
  const packages = 'apt-get update && apt-get install -y --no-install-recommends supervisor snmpd libstdc++6';
  return buildImage(
    'existing',
    [
      `FROM ${base.trim()}`,
      `RUN dpkg -s supervisor snmpd libstdc++6 >/dev/null 2>&1 || { ${packages}; }`,
      file('/etc/supervisor/supervisord.conf', '644', SUPERVISORD_CONF),
      file('/etc/supervisor/conf.d/supervisord.conf', '644', PROGRAMS),
      file('/usr/bin/start.sh', '755', START_SH),
      file('/usr/share/sonic/scripts/container_startup.py', '755', OWN_GATE),
      file('/etc/snmp/own.conf', '600', SNMPD_CONF),
      'ENV IMAGE_VERSION=1.0.0',
      'CMD ["supervisord", "-c", "/etc/supervisor/supervisord.conf"]',
    ].join('\n'),
  );
};

scenario(
  'an image that never heard of the kit gets gate and agent by two COPY lines, and is let in no longer unasked (D2)',
  async (here) => {
    await here.startDatabase();
    await here.state.hset('FEATURE|snmp', { system_state: 'up' });
    const existing = await buildExisting();
    const unguarded = await here.start('kube', { image: existing });
    await here.untilAnswers(unguarded);
    assert.deepEqual(await here.status(), { system_state: 'up' });

    const dockerfile = [`FROM ${existing}`, 'COPY node/ /', 'COPY rootfs/ /'].join('\n');
    const image = await buildImage('existing-kit', dockerfile, `${repository}/dist`);
    const fromMs = bootMs();
    const container = await here.start('kube', { image });
    await here.untilHeld(container, 'owner-is-local');
    await assertNotRunning(container);
    await here.wantKube();
    here.startHost();
    await here.untilRuns(container);
    const others = { system_state: 'up' };
    await assertClaimed(here, container, { owner: 'kube', version: '1.0.0', fromMs, others });

    await here.until('it beats', async () => (await here.health())['docker_id'] === container.id);
    const claimed = await here.status();
    const { stdout } = await execIn(container, ['supervisorctl', 'status', 'ctrkit_agent']);
    assert.match(stdout, /^ctrkit_agent +(STARTING|RUNNING)/);
    await here.stop(container);
    await assertReleased(here, claimed, others);
  },
);
