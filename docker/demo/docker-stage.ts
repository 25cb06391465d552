import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { probeWith, runCommand, waitFor } from './run-command.ts';
import { HEARTBEAT_INTERVAL, SNMP_ADDRESS, type FeatureContainer, type Owner, type Stage } from './stage.ts';

/** Whoever finds this label on a container whose process is gone may remove it. */
const LABEL = `ctrkit-test=${process.pid}`;

const INTERVAL = `CTRKIT_HEARTBEAT_INTERVAL=${HEARTBEAT_INTERVAL}`;

const docker = (...args: string[]) => runCommand('docker', args);

/** Real containers of the images that docker/build makes; /var/run/redis is shared as SONiC shares it. */
export async function openDockerStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-demo-'));
  const shared = ['--label', LABEL, '--volume', `${folder}:/var/run/redis`];
  const containers: string[] = [];
  const run = async (...args: string[]): Promise<string> => {
    const id = (await docker('run', '--detach', ...shared, ...args)).trim().slice(0, 12);
    containers.push(id);
    return id;
  };

  // Reached by its socket alone: the machine may have a Redis of its own on port 6379.
  await run('--network', 'none', 'ctrkit/database');
  const redis = new Redis({ path: join(folder, 'redis.sock'), lazyConnect: true, retryStrategy: () => 200 });
  redis.on('error', () => {});
  await waitFor('the database container', async () => redis.ping().catch(() => undefined), 30_000);

  return {
    redis,
    commands: {
      start: (owner, version) => `docker run -e RUNTIME_OWNER=${owner} -e ${INTERVAL} ctrkit/snmp:${version}`,
      stop: (name) => `docker stop ${name}`,
      probe: (name) => `docker exec ${name} health_probe readiness`,
    },
    async startFeature(owner: Owner, version: string): Promise<FeatureContainer> {
      const env = [`RUNTIME_OWNER=${owner}`, INTERVAL, `SNMP_AGENT_ADDRESS=udp:${SNMP_ADDRESS}`];
      const words = env.flatMap((setting) => ['--env', setting]);
      const id = await run('--network', 'host', ...words, `ctrkit/snmp:${version}`);
      return {
        name: id,
        probe: () => probeWith('docker', ['exec', id, 'health_probe', 'readiness']),
        // Both of the container's streams, in order.
        log: async () => (await runCommand('sh', ['-c', 'exec docker logs "$0" 2>&1', id])).split('\n'),
        stop: async () => void (await docker('stop', id)),
      };
    },
    async close() {
      redis.disconnect();
      if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers).catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
