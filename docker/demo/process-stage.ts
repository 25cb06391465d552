import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { probeWith, waitFor } from './run-command.ts';
import { HEARTBEAT_INTERVAL, SNMP_ADDRESS, type FeatureContainer, type Owner, type Stage } from './stage.ts';

const KIT = resolve('dist/rootfs/usr/bin');

/** No engine: a private Redis, and for each container a private supervisord with the kit and Debian's snmpd. */
export async function openProcessStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-demo-'));
  const socket = join(folder, 'redis.sock');
  const processes: ChildProcess[] = [];
  const start = (command: string, args: string[], options: { log: string; env?: Record<string, string> }) => {
    const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: 'ignore' });
    // A command that can't be started shows in what is awaited next.
    child.on('error', (error) => writeFileSync(options.log, `${error.message}\n`));
    processes.push(child);
    return child;
  };

  const settings = ['--port', '0', '--unixsocket', socket, '--save', '', '--notify-keyspace-events', 'AKE'];
  start('redis-server', settings, { log: join(folder, 'redis.log') });
  const redis = new Redis({ path: socket, lazyConnect: true, retryStrategy: () => 100 });
  redis.on('error', () => {});
  const close = async (): Promise<void> => {
    redis.disconnect();
    await Promise.all(processes.map(endProcess));
    rmSync(folder, { recursive: true, force: true });
  };
  await waitFor('redis-server', async () => redis.ping().catch(() => undefined), 30_000).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );

  return {
    redis,
    commands: {
      start: (owner, version) =>
        `supervisord, whose start.sh asks: container_startup -f snmp -o ${owner} -v ${version}`,
      probe: (name) => `CTRKIT_RUN_DIR=(that of ${name}) health_probe readiness`,
      stop: (name) => `kill -TERM (the supervisord of ${name})`,
    },
    startFeature(owner: Owner, version: string): Promise<FeatureContainer> {
      const id = randomBytes(6).toString('hex');
      const home = join(folder, id);
      writeContainer(home, owner, version);
      const log = join(home, 'log');
      const child = start('supervisord', ['-n', '-c', join(home, 'supervisord.conf')], {
        log,
        env: {
          CTRKIT_REDIS: `unix://${socket}`,
          CTRKIT_RUN_DIR: home,
          CTRKIT_CONTAINER_ID: id,
          CTRKIT_HEARTBEAT_INTERVAL: HEARTBEAT_INTERVAL,
          CTRKIT_CONFIG_DIR: home,
          CTRKIT_SUPERVISOR_DIR: home,
        },
      });
      return Promise.resolve({
        name: id,
        probe: () => probeWith('env', [`CTRKIT_RUN_DIR=${home}`, `${KIT}/health_probe`, 'readiness']),
        log: () => Promise.resolve(readText(log).split('\n')),
        stop: () => endProcess(child),
      });
    },
    close,
  };
}

/** What a container's image would hold: start.sh, snmpd's configuration, and supervisord's with the kit's agent. */
function writeContainer(home: string, owner: Owner, version: string): void {
  mkdirSync(home);
  const log = join(home, 'log');
  writeFileSync(
    join(home, 'start.sh'),
    `#!/bin/sh\n'${KIT}/container_startup' -f snmp -o ${owner} -v ${version} || exit\nsupervisorctl -c '${home}/supervisord.conf' start snmpd\n`,
    { mode: 0o755 },
  );
  writeFileSync(
    join(home, 'snmpd.conf'),
    `rocommunity public\nsysDescr SONiC feature snmp, image version ${version}\n[snmp] persistentDir ${home}\n`,
  );
  const output = `redirect_stderr=true\nstdout_logfile=${log}\nstdout_logfile_maxbytes=0\n`;
  writeFileSync(
    join(home, 'supervisord.conf'),
    `[unix_http_server]
file=${home}/supervisor.sock
[supervisord]
user=root
logfile=/dev/null
logfile_maxbytes=0
pidfile=${home}/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${home}/supervisor.sock
[eventlistener:ctrkit_agent]
command=${KIT}/ctrkit_agent
events=SUPERVISOR_STATE_CHANGE_STOPPING,PROCESS_STATE,PROCESS_COMMUNICATION_STDOUT,PROCESS_GROUP
stderr_logfile=${log}
stderr_logfile_maxbytes=0
[program:start]
command=${home}/start.sh
autorestart=false
startsecs=0
${output}
[program:snmpd]
command=/usr/sbin/snmpd -f -Lo -C -c ${home}/snmpd.conf -p ${home}/snmpd.pid udp:${SNMP_ADDRESS}
environment=MIBS="",SNMP_PERSISTENT_DIR="${home}"
autostart=false
autorestart=false
${output}`,
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const ended = async () => (child.exitCode !== null || child.signalCode !== null ? true : undefined);
  await waitFor('a process to end', ended, 15_000).catch(() => child.kill('SIGKILL'));
}
