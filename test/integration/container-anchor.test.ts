// The identity of a start of a container, in containers that see the host's processes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BOOT_ID } from '../support/boot-clock.ts';
import { Kit, noNamespaces } from '../support/kit.ts';
import { runningUnder } from '../support/processes.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { HostStandIn } from '../support/host-stand-in.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { readProcessStat } from '../../src/container/adapters/proc/process-stat.ts';

const FIND = fileURLToPath(new URL('../support/print-anchor.ts', import.meta.url));
const PRINT = ['node', '--import', 'tsx', FIND];
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** A shell that runs what it is told: the first process of a container, which shares this machine's process ids. */
function startContainer(kit: Kit, env: Record<string, string> = {}): Program {
  const script = 'cd "$1"; while read -r line; do eval "$line"; echo "done $?"; done';
  return kit.run(
    ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', REPOSITORY],
    env,
  );
}

/** Runs a command line in the container; returns what it printed. */
async function runIn(container: Program, line: string): Promise<string> {
  const before = container.stdout.length;
  container.child.stdin?.write(`${line}\n`);
  return until(
    () => `it has run. ${container.said}`,
    () => {
      const said = container.stdout.slice(before);
      return /^done \d+$/m.test(said) && said;
    },
  );
}

const anchorOf = ({ pid }: Program): string => `${pid} ${readProcessStat(pid)?.startTicks ?? 0}`;

describe('the anchor of a container', { skip: noNamespaces, timeout: 600_000 }, () => {
  test('is process 1 where that is of the container', async (t) => {
    const kit = new Kit(t);
    const inside = kit.run(
      [
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        '--mount-proc',
        'sh',
        '-c',
        'cd "$1"; shift; "$@"; :',
        'sh',
        REPOSITORY,
        ...PRINT,
      ],
      {},
    );
    await inside.waitForEnd();
    assert.match(inside.stdout, /^1 \d+\n$/, inside.said);
  });

  test('is the first process of the container where process 1 is the host’s, whichever process asks (G5)', async (t) => {
    const container = startContainer(new Kit(t));
    const own = anchorOf(container);
    assert.ok((await runIn(container, PRINT.join(' '))).startsWith(`${own}\n`), container.said);
    assert.ok(
      (await runIn(container, `(sleep 600 & ${PRINT.join(' ')})`)).startsWith(`${own}\n`),
      container.said,
    );
    const other = startContainer(new Kit(t));
    assert.ok((await runIn(other, PRINT.join(' '))).startsWith(`${anchorOf(other)}\n`), other.said);
  });
});

async function startShared(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  return { redis, kit, here, start: () => startContainer(kit, here.env) };
}

describe('a container that sees the host’s processes', { skip: noNamespaces, timeout: 600_000 }, () => {
  test('its gate writes the container’s own start into the claim (G5)', async (t) => {
    const { redis, kit, here, start } = await startShared(t);
    await HostStandIn.start(t, redis);
    await redis.wantKube();
    const container = start();
    const gate = join(kit.overlay, 'usr/bin/container_startup');
    assert.match(await runIn(container, `${gate} -f snmp -o kube -v 1.2.0`), /^done 0$/m, container.said);
    const startTicks = readProcessStat(container.pid)?.startTicks;
    assert.equal(here.readClaim()['container_start'], `${BOOT_ID}/${container.pid}/${startTicks}`);
  });

  test('started again after a kill, its old claim and its old answers are none (G5, G11)', async (t) => {
    const { redis, kit, here, start } = await startShared(t);
    await HostStandIn.start(t, redis);
    await redis.wantKube();
    const [gate, agent, probe] = ['container_startup', 'ctrkit_agent', 'health_probe'].map((name) =>
      join(kit.overlay, 'usr/bin', name),
    );
    const startGate = `${gate} -f snmp -o kube -v 1.2.0`;
    // The agent's stdin is a pipe that nobody writes, and ends with it.
    const startAgent = `sleep 600 | ${agent} >/dev/null 2>&1 &`;
    const first = start();
    await runIn(first, startAgent);
    assert.match(await runIn(first, startGate), /^done 0$/m, first.said);
    await until('it beats', async () => (await redis.row('CONTAINER_HEALTH|snmp'))['token'] !== undefined);
    await until('it is live', async () => /^done 0$/m.test(await runIn(first, `${probe} liveness`)));
    const token = here.readClaim()['token'];
    for (const { pid } of runningUnder(kit.folder)) process.kill(pid, 'SIGKILL');
    await until('all of it is gone', () => first.end !== undefined);

    await redis.config.hset('FEATURE|snmp', 'set_owner', 'local');
    await redis.state.del('FEATURE|snmp', 'CONTAINER_HEALTH|snmp');
    const second = start();
    for (const name of ['startup', 'readiness', 'liveness'])
      assert.match(await runIn(second, `${probe} ${name}`), /an earlier start.*\ndone 11$/m, name);
    await runIn(second, startAgent);
    await runIn(second, `${startGate} 2>/dev/null &`);
    await until('it is held', async () => /^done 12$/m.test(await runIn(second, `${probe} readiness`)));
    assert.equal(here.readClaim()['token'], token, 'the old claim still lies there');
    assert.equal((await redis.status())['claim_token'], undefined);
    assert.deepEqual(await redis.row('CONTAINER_HEALTH|snmp'), {});
  });
});
