/** What every command of the kit makes of a reader that ends, of a full disk, and of a wrong CTRKIT_LOG (contract.md, section 12). */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';

const HOST = fileURLToPath(new URL('../../dist/host/usr/bin/', import.meta.url));
const MANIFEST = ['manifest', 'snmp', '--image', 'r/snmp:1', '--version', '1'];

/** The words of a command, and what it ends with. */
const COMMANDS: readonly (readonly [words: readonly string[], code: number])[] = [
  [['container_startup', '--help'], 0],
  [['container_state', '--help'], 0],
  [['container_state', 'snmp', 'show'], 0],
  [['container_state', 'snmp', 'show', '--json'], 0],
  [['ctrkit_agent', '--help'], 0],
  [['ctrkit_agent', '--check'], 0],
  [['health_probe', '--help'], 0],
  [['readiness_probe.sh', '--help'], 0],
  [['container', '--help'], 0],
  [['ctrkitd', '--help'], 0],
  [['ctrkit', '--help'], 0],
  [['ctrkit', 'status', '--help'], 0],
  [['ctrkit', 'status'], 0],
  [['ctrkit', 'status', '--json'], 0],
  [['ctrkit', 'status', '--watch'], 0],
  [['ctrkit', 'lock', 'list', '--json'], 0],
  [['ctrkit', 'kube', 'status'], 0],
  [['ctrkit', ...MANIFEST], 0],
];
/** These say why not, and it is their exit code that counts. */
const REFUSALS: readonly (readonly [words: readonly string[], code: number])[] = [
  [['health_probe', 'readiness'], 11],
  [['readiness_probe.sh'], 11],
  [['ctrkit'], 64],
  [['ctrkit', 'nothing'], 64],
  [['container', 'nothing'], 64],
  [['ctrkitd', 'nothing'], 64],
  [['container_state', 'snmp', 'nothing'], 64],
  [['container_startup', '-f', ''], 64],
  [['ctrkit_agent', 'nothing'], 64],
  [['ctrkit_agent', '--check', '/nonexistent'], 64],
];

async function prepare(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube();
  const kit = new Kit(t);
  const here = kit.container('aaaaaaaaaaaa', { CTRKIT_REDIS: redis.url });
  mkdirSync(join(here.runFolder, 'etc'));
  // Nobody names the feature: --check has warnings as well.
  writeFileSync(join(here.runFolder, 'etc/critical_processes'), 'program:snmpd\n');
  const env = {
    ...here.env,
    CTRKIT_STATE_DIR: kit.folder,
    DOCKER_HOST: `unix://${kit.folder}/no-engine.sock`,
  };
  const find = (name: string): string =>
    name === 'container' || (name.startsWith('ctrkit') && name !== 'ctrkit_agent')
      ? join(HOST, name)
      : join(kit.overlay, 'usr/bin', name);
  /** Runs a shell's `line`, in which "$@" is the command. */
  const run = async (line: string, [name = '', ...args]: readonly string[]) => {
    const program = kit.run(['sh', '-c', line, 'sh', find(name), ...args], env);
    program.child.stdin?.end();
    return { end: await program.waitForEnd(), program };
  };
  return { run };
}

for (const [words, code] of [...COMMANDS, ...REFUSALS])
  test(`${words.join(' ')}: a reader that ends is no failure`, async (t) => {
    const { run } = await prepare(t);
    const { program } = await run('{ "$@" 2>&1; echo $? >&3; } 3>&2 | true', words);
    assert.equal(program.stderr, `${code}\n`);
  });

for (const [words] of COMMANDS)
  test(`${words.join(' ')}: a full disk is told in one line, and ends it with 69`, async (t) => {
    const { run } = await prepare(t);
    const { end, program } = await run('exec "$@" >/dev/full', words);
    assert.deepEqual(end, { code: 69, signal: null }, program.said);
    assert.doesNotMatch(program.stderr, /defect/);
    assert.equal(
      program.stderrLines.filter((line) => /error: the output is cut/.test(line)).length,
      1,
      program.said,
    );
  });

for (const words of [
  ['container_state', 'snmp', 'show'],
  ['container_startup', '-f', 'snmp', '-o', 'local'],
  ['ctrkit', 'status'],
])
  test(`${words.join(' ')}: a wrong CTRKIT_LOG is reported, once`, async (t) => {
    const { run } = await prepare(t);
    const { end, program } = await run('CTRKIT_LOG=xml exec "$@"', words);
    assert.deepEqual(end, { code: 0, signal: null }, program.said);
    const told = program.stderrLines.filter((line) =>
      line.includes('CTRKIT_LOG is "xml": write text or json'),
    );
    assert.equal(told.length, 1, program.said);
  });

for (const [words, code] of REFUSALS)
  test(`${words.join(' ')}: nowhere to write to keeps no exit code away`, async (t) => {
    const { run } = await prepare(t);
    const { end } = await run('exec "$@" >/dev/full 2>/dev/full', words);
    assert.deepEqual(end, { code, signal: null });
  });
