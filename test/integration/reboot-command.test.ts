import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { runningUnder } from '../support/processes.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const HOST = fileURLToPath(new URL('../../dist/host/usr/bin/', import.meta.url));
const code = (exitCode: number) => ({ code: exitCode, signal: null });

/** An engine that has nothing. Returns its socket. */
async function startEmptyEngine(t: TestContext, folder: string): Promise<string> {
  const socketPath = join(folder, 'engine.sock');
  const engine = createServer((_request, answer) =>
    answer.writeHead(200, { 'content-type': 'application/json' }).end('[]'),
  );
  await new Promise<void>((resolve) => engine.listen(socketPath, resolve));
  t.after(() => {
    engine.closeAllConnections();
    engine.close();
  });
  return socketPath;
}

/** A switch with a systemctl that keeps the state of kubelet in files, and with hooks. */
async function prepare(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const { folder } = kit;
  // /tmp is everybody's: a hook below it is not run.
  const own = mkdtempSync('/var/lib/ctrkit-test-');
  t.after(() => rmSync(own, { recursive: true, force: true }));
  const hooks = join(own, 'reboot.d');
  const tools = join(folder, 'tools');
  for (const made of [hooks, tools, join(folder, 'run')]) mkdirSync(made);
  const script = (path: string, text: string): void => {
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  };
  const kubelet = join(folder, 'kubelet');
  writeFileSync(kubelet, 'enabled active');
  script(
    join(tools, 'systemctl'),
    `echo systemctl "$@" >>${folder}/said
read -r file state <${kubelet}
case "$*" in
show*kubelet) printf 'LoadState=loaded\\nActiveState=%s\\nUnitFileState=%s\\n' "$state" "$file" ;;
'disable --now kubelet') echo disabled inactive >${kubelet} ;;
'enable --now kubelet') [ ! -e ${folder}/broken ] || exit 1; echo enabled active >${kubelet} ;;
esac`,
  );
  writeFileSync(join(folder, 'kubelet.conf'), '');
  const env = {
    PATH: `${tools}:${process.env['PATH'] ?? ''}`,
    CTRKIT_REDIS: redis.url,
    CTRKIT_STATE_DIR: join(folder, 'state'),
    CTRKIT_RUN_DIR: join(folder, 'run'),
    CTRKIT_KUBELET_CONF: join(folder, 'kubelet.conf'),
    CTRKIT_KUBECONFIG: 'none',
    CTRKIT_REBOOT_HOOKS: hooks,
    DOCKER_HOST: `unix://${await startEmptyEngine(t, folder)}`,
  };
  const start = (name: string, ...args: readonly string[]): Program =>
    kit.run([join(HOST, name), ...args], env);
  const run = async (...args: readonly string[]): Promise<Program> => {
    const program = start('ctrkit', 'reboot', ...args);
    await program.waitForEnd();
    return program;
  };
  const said = (): string[] =>
    existsSync(`${folder}/said`) ? readFileSync(`${folder}/said`, 'utf8').trim().split('\n') : [];
  const readKubelet = (): string => readFileSync(kubelet, 'utf8').trim();
  return { kit, env, hooks, script, start, run, said, readKubelet, mark: join(folder, 'state/reboot.json') };
}

describe('ctrkit reboot', { timeout: 600_000 }, () => {
  test('halts kubelet, runs the hooks, and takes it back, as often as it is asked', async (t) => {
    const { hooks, script, run, said, readKubelet, mark, kit } = await prepare(t);
    script(join(hooks, '10-a'), `echo 10-a "$@" >>${kit.folder}/said`);
    const first = await run('prepare', 'warm');
    assert.deepEqual(first.end, code(0), first.said);
    assert.equal(first.stderr, 'ctrkit: prepared for the warm reboot. To take it back: ctrkit reboot done\n');
    assert.equal(readKubelet(), 'disabled inactive');
    const record = JSON.parse(readFileSync(mark, 'utf8')) as Record<string, unknown>;
    assert.deepEqual([record['kind'], record['kubelet_enabled'], record['is_node']], ['warm', true, true]);
    assert.deepEqual((await run('prepare', 'fast', '--skip-hooks')).end, code(0));
    const done = await run('done');
    assert.deepEqual(done.end, code(0), done.said);
    assert.equal(done.stderr, 'ctrkit: the fast reboot is over: kubelet is enabled and started\n');
    assert.equal(readKubelet(), 'enabled active');
    assert.ok(!existsSync(mark));
    assert.deepEqual(
      said().filter((line) => !line.includes('show')),
      [
        'systemctl disable --now kubelet',
        '10-a prepare warm',
        'systemctl enable --now kubelet',
        '10-a done fast',
      ],
    );
    const again = await run('done');
    assert.deepEqual([again.end, again.stderr], [code(0), 'ctrkit: no reboot was prepared\n']);
    assert.deepEqual((await run('prepare', 'lukewarm')).end, code(64));
    assert.deepEqual((await run('prepare')).end, code(64));
  });

  test('a hook that hangs and one that fails stop nothing, and are said', async (t) => {
    const { hooks, script, run, readKubelet, kit } = await prepare(t);
    script(join(hooks, 'hangs'), 'sleep 600 & exec sleep 600');
    script(join(hooks, 'ill'), 'echo no peers >&2; exit 3');
    const program = await run('prepare', 'soft');
    assert.deepEqual(program.end, code(1), program.said);
    assert.match(program.stderr, /hook hangs …\n/);
    assert.match(program.stderr, /hook "hangs prepare" takes longer than 3 s, and was ended\n/);
    assert.match(program.stderr, /hook "ill prepare" ended with 3: no peers\n.*the reboot may go on\n$/);
    assert.equal(readKubelet(), 'disabled inactive');
    assert.deepEqual(runningUnder(kit.folder), []);
  });

  test('a kubelet that does not come back keeps the record, and ctrkitd goes on until it does', async (t) => {
    const { run, start, readKubelet, mark, kit } = await prepare(t);
    await run('prepare', 'cold');
    writeFileSync(join(kit.folder, 'broken'), '');
    const failed = await run('done');
    assert.deepEqual(failed.end, code(69), failed.said);
    assert.ok(existsSync(mark));
    // As the next boot finds it.
    const record = readFileSync(mark, 'utf8');
    writeFileSync(mark, record.replace(/"boot_id": "[^"]*"/, '"boot_id": "the-one-before"'));
    const daemon = start('ctrkitd');
    await daemon.waitForLine("the end of a reboot can't be carried out");
    rmSync(join(kit.folder, 'broken'));
    await daemon.waitForLine('the cold reboot is over: kubelet is enabled and started');
    await until(
      () => 'the record goes',
      () => !existsSync(mark),
    );
    assert.equal(readKubelet(), 'enabled active');
    daemon.signal('SIGTERM');
    assert.deepEqual(await daemon.waitForEnd(), code(0));
  });

  test('killed at any moment, and run again, it comes out the same', async (t) => {
    const { run, start, readKubelet, mark } = await prepare(t);
    for (const waitMs of [40, 80, 120, 160, 200, 240, 280, 320, 360, 400]) {
      const killed = start('ctrkit', 'reboot', 'prepare', 'warm');
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      killed.signal('SIGKILL');
      await killed.waitForEnd();
      assert.deepEqual((await run('prepare', 'warm')).end, code(0));
      assert.equal(readKubelet(), 'disabled inactive');
      const stopped = start('ctrkit', 'reboot', 'done');
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      stopped.signal('SIGKILL');
      await stopped.waitForEnd();
      assert.deepEqual((await run('done')).end, code(0));
      assert.deepEqual([readKubelet(), existsSync(mark)], ['enabled active', false]);
    }
  });

  test('ctrmgr_tools.py tag-all prepares for the reboot whose script calls it, and ends with 0 whatever fails', async (t) => {
    const { kit, env: shared, script, readKubelet, mark } = await prepare(t);
    const env = { ...shared, DOCKER_HOST: `unix://${kit.folder}/no-engine.sock` };
    const tools = join(HOST, '../local/bin/ctrmgr_tools.py');
    const reboot = join(kit.folder, 'express-reboot');
    // As SONiC's scripts have it.
    script(reboot, `if test -f ${tools}; then ${tools} tag-all || exit 9; fi\necho on`);
    const program = kit.run([reboot], env);
    assert.deepEqual(await program.waitForEnd(), code(0), program.said);
    assert.equal(program.stdout, 'on\n');
    assert.match(program.stderr, /the local images are as they were: .*no-engine\.sock/);
    assert.match(program.stderr, /prepared for the express reboot, but for what is said above/);
    assert.equal(readKubelet(), 'disabled inactive');
    assert.match(readFileSync(mark, 'utf8'), /"kind": "express"/);
    const run = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
      kit.run([tools, ...args], { ...env, ...more }).waitForEnd();
    assert.deepEqual(await run(['tag-all'], { CTRKIT_NODE: '/none' }), code(0), 'no Node.js');
    assert.deepEqual(await run(['kill-all'], { CTRKIT_REDIS: 'unix:///none' }), code(0));
    assert.deepEqual(await run(['tag', '-f', 'snmp', '-n', 'docker-snmp', '-t', 'latest']), code(0));
    for (const wrong of [['tag'], ['no-such'], ['tag-all', '--no-such']])
      assert.deepEqual(await run(wrong), code(2), wrong.join(' '));
    assert.deepEqual(await run(['--help']), code(0));
  });
});
