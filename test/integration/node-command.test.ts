import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Kit } from '../support/kit.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import type { Program } from '../support/program.ts';

const HOST = fileURLToPath(new URL('../../dist/host/', import.meta.url));
const code = (exitCode: number) => ({ code: exitCode, signal: null });
const PEM = 'kubelet-client-2026-11-30.pem';

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Two systems in folders, an old image and a new one, and what lies beside both of them. */
async function prepare(t: TestContext) {
  const redis = await PrivateRedis.start(t);
  await redis.wantKube();
  const kit = new Kit(t);
  const { folder } = kit;
  const [old, fresh, state] = ['old', 'new', 'state'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  put(old, {
    'etc/kubernetes/kubelet.conf': 'kubeconfig',
    'etc/kubernetes/pki/ca.crt': 'authority',
    [`var/lib/kubelet/pki/${PEM}`]: 'secret key',
    'usr/lib/systemd/system/snmp.service': 'unit',
    'usr/bin/snmp.sh': 'script',
    'etc/sonic/generated_services.conf': 'swss.service\nsnmp.service\n',
  });
  symlinkSync(PEM, join(old, 'var/lib/kubelet/pki/kubelet-client-current.pem'));
  put(state, { 'locks/snmp.json': 'a lock', 'ledger.json': '{}' });
  put(fresh, { 'usr/bin/snmp.sh': 'the new one' });
  mkdirSync(join(folder, 'run'));
  const env = {
    CTRKIT_REDIS: redis.url,
    CTRKIT_STATE_DIR: state,
    CTRKIT_RUN_DIR: join(folder, 'run'),
    CTRKIT_NODE_NAME: 'switch-1',
    CTRKIT_KUBECONFIG: 'none',
    DOCKER_HOST: `unix://${folder}/no-engine.sock`,
  };
  const start = (name: string, ...args: readonly string[]): Program =>
    kit.run([join(HOST, 'usr/bin', name), ...args], env);
  const run = async (...args: readonly string[]): Promise<Program> => {
    const program = start('ctrkit', 'node', ...args);
    await program.waitForEnd();
    return program;
  };
  return {
    redis,
    kit,
    env,
    folder,
    old,
    fresh,
    state,
    start,
    run,
    archive: join(folder, 'out/ctrkit-node.tar'),
  };
}

describe('ctrkit node', { timeout: 600_000 }, () => {
  test('hands a switch on to a new image, whose own files stay', async (t) => {
    const { folder, old, fresh, state, run, archive } = await prepare(t);
    const exported = await run('export', `${folder}/out/`, '--root', old);
    assert.deepEqual(exported.end, code(0), exported.said);
    assert.match(exported.stderr, /^ctrkit: .*ctrkit-node\.tar has 7 files and 0 images\. It holds keys/);
    assert.equal(statSync(archive).mode & 0o777, 0o600);
    rmSync(state, { recursive: true });
    const imported = await run('import', `${folder}/out/`, '--root', fresh);
    assert.deepEqual(imported.end, code(0), imported.said);
    assert.match(imported.stderr, /the system's own stay: features\/bin\/snmp\.sh\n/);
    assert.equal(readFileSync(join(fresh, 'usr/bin/snmp.sh'), 'utf8'), 'the new one');
    assert.equal(readFileSync(join(state, 'locks/snmp.json'), 'utf8'), 'a lock');
    const pki = join(fresh, 'var/lib/kubelet/pki');
    assert.equal(readlinkSync(join(pki, 'kubelet-client-current.pem')), join(pki, PEM));
    assert.equal(readFileSync(join(fresh, 'etc/sonic/generated_services.conf'), 'utf8'), 'snmp.service\n');
    const again = await run('import', archive, '--root', fresh);
    assert.deepEqual(again.end, code(0), again.said);
    assert.match(again.stderr, /0 files and 0 images were put back\n$/);
  });

  test('keeps another cluster unless it is forced, refuses a damaged file, and writes nothing then', async (t) => {
    const { folder, old, fresh, run, archive } = await prepare(t);
    await run('export', `${folder}/out/`, '--root', old);
    put(fresh, { 'etc/kubernetes/kubelet.conf': 'another' });
    const kept = await run('import', archive, '--root', fresh);
    assert.deepEqual(kept.end, code(1), kept.said);
    assert.match(kept.stderr, /others are there, and stay: .*cluster\/kubelet\.conf.*--force\n/);
    assert.ok(!existsSync(join(fresh, 'etc/kubernetes/pki')));
    assert.deepEqual((await run('import', archive, '--root', fresh, '--force')).end, code(0));
    const bytes = readFileSync(archive);
    bytes[513] = (bytes[513] ?? 0) ^ 1;
    writeFileSync(archive, bytes, { mode: 0o600 });
    const other = join(folder, 'other');
    const damaged = await run('import', archive, '--root', other);
    assert.deepEqual([damaged.end, existsSync(other)], [code(69), false], damaged.said);
    assert.deepEqual((await run('import', `${folder}/none.tar`)).end, code(69));
    assert.deepEqual((await run('import')).end, code(64));
    put(folder, { 'notes.txt': 'mine' });
    assert.deepEqual((await run('export', `${folder}/notes.txt`, '--root', old)).end, code(64));
    const images = await run('export', `${folder}/out/`, '--root', old, '--images');
    assert.deepEqual(images.end, code(69), 'no engine');
    assert.ok(!existsSync(`${archive}.tmp`));
  });

  test('says what is missing without a database, and waits for no daemon', async (t) => {
    const { redis, folder, old, fresh, start, run, archive } = await prepare(t);
    await run('export', `${folder}/out/`, '--root', old);
    const daemon = start('ctrkitd');
    await daemon.waitForLine('started');
    const refused = await run('import', archive, '--root', fresh);
    assert.deepEqual(refused.end, code(1), refused.said);
    assert.match(refused.stderr, /ctrkitd runs, .*systemctl stop ctrkitd/);
    assert.ok(!existsSync(join(fresh, 'etc')));
    daemon.signal('SIGTERM');
    await daemon.waitForEnd();
    await redis.kill();
    const alone = await run('export', `${folder}/out/`, '--root', old);
    assert.deepEqual(alone.end, code(1), alone.said);
    assert.match(alone.stderr, /units and scripts of the features are not in it: /);
  });

  test('SONiC’s migration hooks hand it on, in config-setup’s own shell, which goes on', async (t) => {
    const { folder, kit, env: shared, state } = await prepare(t);
    // These have no --root: nothing of the machine that runs the test is a node's.
    const env = {
      ...shared,
      CTRKIT_KUBELET_CONF: join(folder, 'etc/kubelet.conf'),

      CTRKIT_KUBELET_UNIT: 'none',
    };
    const hooks = join(HOST, 'etc/config-setup');
    const ctrkit = join(HOST, 'usr/bin/ctrkit');
    const host = join(folder, 'host');
    const archive = join(host, 'ctrkit-node-export/ctrkit-node.tar');
    const copy = (name: string, command: string): string => {
      const text = readFileSync(join(hooks, name), 'utf8');
      const path = join(folder, `hook-${command.length}-${name.replaceAll('/', '-')}`);
      writeFileSync(path, text.replaceAll('/host/', `${host}/`).replaceAll('/usr/bin/ctrkit', command));
      return path;
    };
    const source = async (name: string, command = ctrkit): Promise<Program> => {
      const path = copy(name, command);
      const program = kit.run(['bash', '--norc', '-c', `/bin/bash -n ${path} && . ${path}; echo on`], env);
      assert.deepEqual(await program.waitForEnd(), code(0));
      assert.match(program.stdout, /on\n$/, program.said);
      return program;
    };
    const exported = await source('config-migration-pre-hooks.d/50-ctrkit');
    assert.ok(existsSync(archive), exported.said);
    rmSync(state, { recursive: true });
    const absent = await source('config-migration-post-hooks.d/50-ctrkit', join(folder, 'no-ctrkit'));
    assert.match(absent.stdout, /ctrkit is not installed in this image/);
    assert.ok(existsSync(archive), 'kept until then');
    const imported = await source('config-migration-post-hooks.d/50-ctrkit');
    assert.equal(imported.stdout, 'on\n', imported.said);
    assert.equal(readFileSync(join(state, 'locks/snmp.json'), 'utf8'), 'a lock');
    assert.ok(!existsSync(archive), imported.said);
    await source('config-migration-post-hooks.d/50-ctrkit');
  });
});
