import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { IMAGE_NODE, Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const HOST = fileURLToPath(new URL('../../dist/host', import.meta.url));
/** Images bring the one; the other is the oldest that the kit runs on, or at least another one. */
const NODES = [...new Set([IMAGE_NODE, process.execPath])];

interface Scene {
  readonly kit: Kit;
  readonly env: Readonly<Record<string, string>>;
}

interface Case {
  readonly name: string;
  readonly start: (scene: Scene) => Program;
  /** What is said once it has started. */
  readonly started: RegExp;
}

const startHere =
  (name: string, ...args: string[]) =>
  ({ kit, env }: Scene): Program =>
    kit.run([join(kit.overlay, 'usr/bin', name), ...args], env);

function startOnHost(name: string, ...args: string[]) {
  return ({ kit, env }: Scene): Program => {
    const copy = join(kit.folder, 'host');
    // Once a test: Node.js 24 copies no folder over one that is there.
    if (!existsSync(copy)) cpSync(HOST, copy, { recursive: true, verbatimSymlinks: true });
    return kit.run([join(copy, 'usr/bin', name), ...args], env);
  };
}

const RESIDENT: readonly Case[] = [
  {
    name: 'container_startup',
    start: startHere('container_startup', '-f', 'snmp', '-o', 'kube'),
    started: /held/,
  },
  { name: 'ctrkit_agent', start: startHere('ctrkit_agent'), started: /^READY$/m },
  { name: 'ctrkitd', start: startOnHost('ctrkitd', '--shadow'), started: /ctrkitd/ },
  { name: 'container wait', start: startOnHost('container', 'wait', 'snmp'), started: /./ },
];

/** Ports on which a process listens, as `address:port` in the kernel's hexadecimal. */
function listeningPorts(pid: number): string[] {
  const fds = readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
  const inodes = new Set(fds.flatMap((fd) => /^socket:\[(\d+)\]$/.exec(readIfOpen(fd))?.[1] ?? []));
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
    .map(([, address = '']) => address);
}

/** What was open may be closed meanwhile. */
function readIfOpen(fd: string): string {
  try {
    return readlinkSync(fd);
  } catch {
    return '';
  }
}

async function prepare(t: TestContext, node: string): Promise<Scene> {
  const kit = new Kit(t);
  const redis = await PrivateRedis.start(t);
  const here = kit.container('aaaaaaaaaaaa', {
    CTRKIT_REDIS: redis.url,
    CTRKIT_NODE: node,
    CTRKIT_STATE_DIR: join(kit.folder, 'state'),
    DOCKER_HOST: `unix://${kit.folder}/no-engine.sock`,
    CTRKIT_KUBECONFIG: 'none',
  });
  return { kit, env: here.env };
}

for (const node of NODES) {
  for (const { name, start, started } of RESIDENT) {
    test(`SIGUSR1 opens no debugger in ${name} (S5), ${node}`, { timeout: 300_000 }, async (t) => {
      const program = start(await prepare(t, node));
      await until(
        () => `it has started. ${program.said}`,
        () => started.test(program.stdout + program.stderr),
      );
      const { pid } = program;
      for (let i = 0; i < 20; i += 1) program.signal('SIGUSR1');
      await until('the signal was taken', () => /^SigPnd:\t0+\nShdPnd:\t0+$/m.test(readStatus(pid)));
      assert.ok(program.isRunning, program.said);
      assert.deepEqual(listeningPorts(pid), []);
      program.signal('SIGTERM');
      await program.waitForEnd();
      assert.doesNotMatch(program.stderr, /Debugger listening/);
    });
  }

  test(`nor while Node.js starts (S5), ${node}`, { timeout: 300_000 }, async (t) => {
    const scene = await prepare(t, node);
    for (const start of [
      startHere('container_state', 'snmp', 'show'),
      startOnHost('container', 'id', 'snmp'),
    ]) {
      for (let delayMs = 2; delayMs < 100; delayMs *= 1.6) {
        const program = start(scene);
        // A moment of the start-up, wherever it falls on this machine: the signal does the same at each.
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        program.signal('SIGUSR1');
        await program.waitForEnd();
        assert.doesNotMatch(program.stderr, /Debugger listening/, `after ${delayMs} ms`);
      }
    }
  });
}

const readStatus = (pid: number): string => readFileSync(`/proc/${pid}/status`, 'latin1');
