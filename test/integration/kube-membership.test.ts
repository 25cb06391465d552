import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fetchAdminConfig } from '../../src/host/adapters/cluster-tools/fetch-admin-config.ts';
import { UnfinishedMark } from '../../src/host/adapters/cluster-tools/unfinished-mark.ts';
import { ADMIN_CONFIG } from '../support/fake-cluster-tools.ts';
import { makeCertificate, serveHttps, writeTool } from '../support/https-server.ts';
import { Kit } from '../support/kit.ts';
import { runningUnder } from '../support/processes.ts';
import { type Program } from '../support/program.ts';
import { PrivateRedis } from '../support/private-redis.ts';
import { until } from '../support/until.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND = [process.execPath, '--import', join(repository, 'node_modules/tsx/dist/esm/index.mjs')];
const SECRETS = /c2VjcmV0LWtleQ|123456|Y2VydA/;
const code = (exitCode: number) => ({ code: exitCode, signal: null });
const never = new AbortController().signal;

/** A switch with its Redis, a master that answers, and tools that do as kubeadm does. */
async function prepare(t: TestContext, answer: RequestListener = (_ask, to) => to.end(ADMIN_CONFIG)) {
  const redis = await PrivateRedis.start(t);
  const kit = new Kit(t);
  const { folder } = kit;
  const certificate = makeCertificate(folder, 'master');
  const { port } = await serveHttps(t, certificate, answer);
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const kubelet = join(folder, 'kubelet.conf');
  const kubeadm = (script: string): string => writeTool(tools, 'kubeadm', script);
  kubeadm(`echo "$@" >>${folder}/said; case $1 in join) : >${kubelet};; reset) rm -f ${kubelet};; esac`);
  writeTool(tools, 'systemctl', `echo systemctl "$@" >>${folder}/said`);
  const redisCli = `redis-cli -s ${redis.socketPath} -n 6`;
  // As `container stop` and `container start` leave the record of a feature that falls back.
  const restart = writeTool(
    tools,
    'restart-feature',
    `echo restart $1 >>${folder}/said
${redisCli} hset "FEATURE|$1" current_owner local docker_id 111111111111 container_id $1 system_state up >/dev/null`,
  );
  const env = {
    PATH: `${tools}:${process.env['PATH'] ?? ''}`,
    CTRKIT_REDIS: redis.url,
    CTRKIT_STATE_DIR: join(folder, 'state'),
    CTRKIT_RUN_DIR: join(folder, 'run'),
    CTRKIT_KUBE_ADMIN_CONF: join(folder, 'etc/kube_admin.conf'),
    CTRKIT_KUBELET_CONF: kubelet,
    CTRKIT_ADMIN_CONF_CA: certificate.caPath,
    CTRKIT_NODE_NAME: 'switch-1',
    CTRKIT_RESTART_COMMAND: `${restart} {feature}`,
    CTRKIT_NODE: process.execPath,
  };
  mkdirSync(env.CTRKIT_RUN_DIR);
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Program =>
    kit.run([...COMMAND, join(repository, 'bin/ctrkit.ts'), 'kube', ...args], { ...env, ...more });
  const run = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const program = start(args, more);
    await program.waitForEnd();
    return program;
  };
  await redis.config.hset('KUBERNETES_MASTER|SERVER', { ip: '127.0.0.1', port: `${port}` });
  await redis.wantKube();
  const said = (): string[] =>
    existsSync(`${folder}/said`) ? readFileSync(`${folder}/said`, 'utf8').trim().split('\n') : [];
  return { redis, kit, env, port, certificate, start, run, kubeadm, said, kubelet };
}

const runByKube = (redis: PrivateRedis) =>
  redis.state.hset('FEATURE|snmp', {
    system_state: 'up',
    current_owner: 'kube',
    docker_id: 'bbbbbbbbbbbb',
    container_id: 'bbbbbbbbbbbb',
    remote_state: 'running',
  });

describe('ctrkit kube on a switch', { timeout: 600_000 }, () => {
  test('joins by what the master gives it, for root’s eyes only, and leaves with its features running', async (t) => {
    const { redis, env, run, said, kubelet, kit } = await prepare(t);
    const joined = await run(['join']);
    assert.deepEqual(joined.end, code(0), joined.said);
    assert.equal(joined.stdout, '');
    assert.match(
      joined.stderr,
      /^ctrkit: joined https:\/\/10\.10\.10\.10:6443 as node switch-1\nctrkit: Features/,
    );
    assert.doesNotMatch(joined.stderr, SECRETS);
    const { mode } = statSync(env.CTRKIT_KUBE_ADMIN_CONF);
    assert.equal(mode & 0o777, 0o600);
    assert.match(
      readFileSync(env.CTRKIT_KUBE_ADMIN_CONF, 'utf8'),
      /"server": "https:\/\/10\.10\.10\.10:6443"/,
    );
    assert.ok(!existsSync(`${env.CTRKIT_KUBE_ADMIN_CONF}.unfinished`));
    assert.deepEqual(said(), [
      'systemctl enable kubelet',
      `join --discovery-file ${env.CTRKIT_KUBE_ADMIN_CONF} --node-name switch-1`,
    ]);
    assert.deepEqual((await run(['join'])).end, code(1));

    await redis.state.hset('KUBERNETES_MASTER|SERVER', { connected: 'true' });
    await runByKube(redis);
    // As in the middle of a config reload: on record, and not in CONFIG_DB.
    await redis.state.hset('FEATURE|radv', { current_owner: 'kube', docker_id: 'cc', container_id: 'cc' });
    const left = await run(['reset']);
    assert.deepEqual(left.end, code(0), left.said);
    assert.deepEqual(said().slice(2), [
      'restart radv',
      'restart snmp',
      'reset --force',
      'systemctl disable --now kubelet',
    ]);
    assert.ok(!existsSync(kubelet) && !existsSync(env.CTRKIT_KUBE_ADMIN_CONF));
    assert.ok(!existsSync(`${env.CTRKIT_KUBE_ADMIN_CONF}.unfinished`));
    assert.equal(await redis.config.hget('KUBERNETES_MASTER|SERVER', 'disable'), 'True');
    assert.equal(await redis.state.hget('KUBERNETES_MASTER|SERVER', 'connected'), 'false');
    const again = await run(['reset']);
    assert.deepEqual([again.end, again.stderr], [code(0), 'ctrkit: the switch has not joined\n']);
    const refused = await run(['join']);
    assert.deepEqual(refused.end, code(1));
    assert.match(refused.stderr, /^ctrkit: the server is disabled\. To enable it: .*disable off\n$/);
    assert.deepEqual(runningUnder(kit.folder), []);
  });

  test('status answers in every state, also without a database', async (t) => {
    const { redis, run } = await prepare(t);
    const alone = await run(['status']);
    assert.deepEqual(alone.end, code(0), alone.said);
    assert.match(
      alone.stdout,
      /^server +127\.0\.0\.1:\d+, disable false, insecure false\nnode +switch-1\njoined +no\n/,
    );
    assert.match(alone.stderr, /^ctrkit: ctrkitd does not run/);
    await redis.kill();
    const away = await run(['status', '--json']);
    assert.deepEqual(away.end, code(0));
    const { is_database_read, server, is_joined } = JSON.parse(away.stdout) as Record<string, unknown>;
    assert.deepEqual([is_database_read, server, is_joined], [false, null, false]);
    assert.deepEqual((await run(['join'])).end, code(69));
  });

  test('a tool that fails is told by its last line, without the secrets that it prints, and it can be done again', async (t) => {
    const { run, kubeadm, env, said } = await prepare(t);
    kubeadm(`echo noise >&2
echo "error: token 123456 abcdef.0123456789abcdef and c2VjcmV0LWtleQ== refused" >&2
exit 3`);
    const failed = await run(['join']);
    assert.deepEqual(failed.end, code(69), failed.said);
    assert.match(failed.stderr, /^ctrkit: error: "kubeadm join" ended with 3: error: .*refused\n$/);
    assert.doesNotMatch(failed.said, SECRETS);
    assert.doesNotMatch(failed.said, /0123456789abcdef|noise/);
    kubeadm(
      `echo "$@" >>${join(env.CTRKIT_STATE_DIR, '../said')}; [ $1 = reset ] || : >${env.CTRKIT_KUBELET_CONF}`,
    );
    assert.deepEqual((await run(['join'])).end, code(0));
    assert.equal(said()[1], 'reset --force', 'what the first one left is taken away');
  });

  test('what an earlier join left is not taken away over somebody’s static pods', async (t) => {
    const { run, kubeadm, env, said } = await prepare(t);
    const manifests = join(env.CTRKIT_KUBELET_CONF, '../manifests');
    mkdirSync(manifests);
    writeFileSync(join(manifests, 'snmp.yaml'), '');
    kubeadm(`echo "$@" >>${join(env.CTRKIT_STATE_DIR, '../said')}; echo "DirAvailable" >&2; exit 1`);
    assert.deepEqual((await run(['join'])).end, code(69));
    assert.ok(existsSync(`${env.CTRKIT_KUBE_ADMIN_CONF}.unfinished`));
    const again = await run(['join']);
    assert.deepEqual(again.end, code(69));
    assert.match(again.stderr, /without .*manifests\/snmp\.yaml, .*: move it away first\n$/);
    assert.ok(!said().includes('reset --force'));
  });

  test('a tool that is not installed is named with its package', async (t) => {
    const { run, env, said } = await prepare(t);
    const empty = join(env.CTRKIT_RUN_DIR, 'empty');
    mkdirSync(empty);
    symlinkSync('/bin/sh', join(empty, 'sh'));
    const { end, stderr } = await run(['join'], { PATH: empty });
    assert.deepEqual(end, code(69), stderr);
    assert.match(stderr, /^ctrkit: error: "kubeadm" is not installed: the package kubeadm brings it.*\n$/);
    assert.deepEqual(said(), []);
  });

  test('Ctrl-C ends a tool that hangs, with all it has started, and says what state things are in', async (t) => {
    const { start, kubeadm, kit } = await prepare(t);
    kubeadm(`trap '' TERM; echo begun >${kit.folder}/begun; sleep 600 & wait; wait; sleep 600`);
    const program = start(['join']);
    await until('the tool runs', () => existsSync(`${kit.folder}/begun`));
    await program.waitForLine(/switch-1 joins https:\/\/10\.10\.10\.10:6443 …/);
    program.signal('SIGINT');
    assert.deepEqual(await program.waitForEnd(), code(130), program.said);
    assert.match(program.stderr, /interrupted\. The switch has not joined\. To go on: ctrkit kube join/);
    assert.deepEqual(runningUnder(kit.folder), []);
  });

  test('one at a time: the second one is refused, also while the tool of a killed one lives on, and no longer', async (t) => {
    const { start, run, kubeadm, kit, env } = await prepare(t);
    kubeadm(`echo begun >${kit.folder}/begun; while [ ! -e ${kit.folder}/over ]; do sleep 0.1; done`);
    const first = start(['join']);
    await until('the tool runs', () => existsSync(`${kit.folder}/begun`));
    const second = await run(['reset']);
    assert.deepEqual(second.end, code(1), second.said);
    assert.match(second.stderr, /joins or leaves at this moment/);
    first.signal('SIGKILL');
    await first.waitForEnd();
    const third = await run(['join']);
    assert.deepEqual(third.end, code(1), 'its tool is still at work');
    assert.match(third.stderr, /joins or leaves at this moment/);
    writeFileSync(`${kit.folder}/over`, '');
    const mark = new UnfinishedMark(`${env.CTRKIT_KUBE_ADMIN_CONF}.unfinished`);
    await until('the tool has ended', () => !mark.isAtWork());
    const last = await run(['join']);
    assert.match(last.stderr, /no .*kubelet\.conf: look at/, 'it is begun again');
    mark.set();
    mark.recordProcess(process.pid);
    assert.ok(mark.isAtWork());
    writeFileSync(`${env.CTRKIT_KUBE_ADMIN_CONF}.unfinished`, `${process.pid} 1\n`);
    assert.ok(!mark.isAtWork(), 'another process of the same number');
  });

  test('a setting that makes no sense is wrong usage', async (t) => {
    const { run } = await prepare(t);
    const wrong = await run(['join'], { CTRKIT_ADMIN_CONF_URL: 'http://{ip}/' });
    assert.deepEqual(wrong.end, code(64));
    assert.match(wrong.stderr, /^ctrkit: error: CTRKIT_ADMIN_CONF_URL is no https URL/);
  });

  test('--kubeconfig joins by a file, and says what is wrong with one', async (t) => {
    const { run, kit, env } = await prepare(t, (_ask, to) => to.writeHead(500).end());
    const path = join(kit.folder, 'admin.conf');
    const missing = await run(['join', '--kubeconfig', path]);
    assert.deepEqual(missing.end, code(69));
    assert.match(missing.stderr, /admin\.conf can't be read: there is no such file\n$/);
    writeFileSync(path, 'token: 123456');
    const wrong = await run(['join', '--kubeconfig', path]);
    assert.match(wrong.stderr, /no configuration to join by: its kind is not Config\n$/);
    writeFileSync(path, ADMIN_CONFIG);
    assert.deepEqual((await run(['join', '--kubeconfig', path])).end, code(0));
    assert.ok(existsSync(env.CTRKIT_KUBE_ADMIN_CONF));
    assert.match((await run(['join', '--force'])).stderr, /the server answers 500\n$/);
    assert.ok(existsSync(env.CTRKIT_KUBELET_CONF), 'it is not left for an answer that is none');
  });
});

describe('the fetch of a master’s configuration', { timeout: 600_000 }, () => {
  const answers = async (t: TestContext, answer: RequestListener, options = {}) => {
    const kit = new Kit(t);
    const certificate = makeCertificate(kit.folder, 'master');
    const { port } = await serveHttps(t, certificate, answer);
    const fetch = (more = {}) =>
      fetchAdminConfig({
        url: `https://127.0.0.1:${port}/admin.conf`,
        isInsecure: false,
        caPath: certificate.caPath,
        signal: never,
        ...options,
        ...more,
      });
    return { fetch, kit, port };
  };
  const failsWith = (promise: Promise<string>, message: RegExp): Promise<void> =>
    assert.rejects(promise, { code: 'cluster', message });

  test('is one GET of that path', async (t) => {
    const asked: string[] = [];
    const { fetch } = await answers(t, (ask, to) => {
      asked.push(`${ask.method} ${ask.url}`);
      to.end('text');
    });
    assert.equal(await fetch(), 'text');
    assert.deepEqual(asked, ['GET /admin.conf']);
  });

  test('follows no redirect, and takes no other status for an answer', async (t) => {
    let status = 302;
    const { fetch } = await answers(t, (_ask, to) =>
      to.writeHead(status, { location: '/other' }).end(ADMIN_CONFIG),
    );
    await failsWith(fetch(), /a redirect\), which is not followed$/);
    for (status of [204, 401, 404, 503]) await failsWith(fetch(), new RegExp(`answers ${status}$`));
  });

  test('trusts nobody that its authority has not signed, unless it is insecure', async (t) => {
    const { fetch, kit } = await answers(t, (_ask, to) => to.end('text'));
    const other = makeCertificate(kit.folder, 'other');
    await failsWith(fetch({ caPath: other.caPath }), /not trusted .*CTRKIT_ADMIN_CONF_CA.*insecure on$/);
    await failsWith(fetch({ caPath: '' }), /not trusted/);
    await failsWith(fetch({ caPath: '/nowhere' }), /CTRKIT_ADMIN_CONF_CA can't be read/);
    assert.equal(await fetch({ caPath: other.caPath, isInsecure: true }), 'text');
  });

  test('trusts a certificate only for the name it was asked by', async (t) => {
    const kit = new Kit(t);
    const elsewhere = makeCertificate(kit.folder, 'elsewhere', 'DNS:elsewhere.example');
    const { port } = await serveHttps(t, elsewhere, (_ask, to) => to.end('text'));
    const url = `https://127.0.0.1:${port}/`;
    await failsWith(
      fetchAdminConfig({ url, isInsecure: false, caPath: elsewhere.caPath, signal: never }),
      /not trusted/,
    );
  });

  test('takes a mebibyte and no more, whatever the length says', async (t) => {
    let size = 1024 * 1024;
    const { fetch } = await answers(t, (_ask, to) => {
      to.flushHeaders();
      to.end('x'.repeat(size));
    });
    assert.equal((await fetch()).length, size);
    size += 1;
    await failsWith(fetch(), /longer than 1048576 bytes$/);
  });

  test('ends in time with a server that is slow, silent, or cut short', async (t) => {
    let how: 'silent' | 'drop by drop' | 'cut' = 'silent';
    const { fetch } = await answers(
      t,
      (_ask, to) => {
        if (how === 'silent') return;
        to.writeHead(200, { 'content-length': '1000' });
        to.write('x');
        if (how === 'cut') setImmediate(() => to.destroy());
        else {
          const drops = setInterval(() => to.write('x'), 50);
          to.on('close', () => clearInterval(drops));
        }
      },
      { timeLimitMs: 500 },
    );
    await failsWith(fetch(), /no whole answer within 0\.5 s$/);
    how = 'drop by drop';
    await failsWith(fetch(), /no whole answer within 0\.5 s$/);
    how = 'cut';
    await failsWith(fetch({ timeLimitMs: 30_000 }), /can't be fetched: \w/);
  });

  test('ends when it is interrupted, and says when nobody is there', async (t) => {
    const { fetch } = await answers(t, () => undefined);
    const stop = new AbortController();
    const asked = fetch({ signal: stop.signal });
    setImmediate(() => stop.abort());
    await failsWith(asked, /interrupted$/);
    await failsWith(fetch({ signal: AbortSignal.abort() }), /interrupted$/);
    await failsWith(
      fetch({ url: 'https://user:secret@127.0.0.1:1/' }),
      /^https:\/\/127\.0\.0\.1:1\/ can't be fetched: .*ECONNREFUSED/,
    );
  });
});
