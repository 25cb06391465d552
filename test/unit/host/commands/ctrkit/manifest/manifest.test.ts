import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import { CtrkitError } from '../../../../../../src/contract/errors.ts';
import { PACKAGE_MANIFEST_LABEL } from '../../../../../../src/contract/cluster/package-manifest.ts';
import { runCtrkit } from '../../../../../../src/host/commands/ctrkit/program.ts';
import { FakeCtrkit } from '../../../../../support/fake-ctrkit.ts';
import type { PlannedObject } from '../../../../../support/manifest-request.ts';

const IMAGE = 'docker-snmp:1.0';
let kit = new FakeCtrkit();
beforeEach(() => {
  kit = new FakeCtrkit();
  kit.breakDatabases('no command line of this file asks a database');
  kit.engine.putImage('snmp', [IMAGE]);
});

const run = (...words: readonly string[]): Promise<number> =>
  runCtrkit(['manifest', 'snmp', '--image', IMAGE, '--version', '1.0', ...words], kit.ports);
const made = (): PlannedObject => load(kit.stdout) as PlannedObject;
const envOf = (object: PlannedObject) =>
  Object.fromEntries(object.spec.template.spec.containers[0].env.map(({ name, value }) => [name, value]));
const label = (manifest: unknown): void =>
  kit.engine.labelImage(IMAGE, { [PACKAGE_MANIFEST_LABEL]: JSON.stringify(manifest) });
const fails = (words: readonly string[], message: RegExp): Promise<void> =>
  assert.rejects(runCtrkit(words, kit.ports), (error) => {
    assert.ok(error instanceof CtrkitError, String(error));
    assert.equal(error.code, 'usage');
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });

describe('ctrkit manifest', () => {
  test('prints YAML that says by what it was made, and nothing else', async () => {
    assert.equal(await run('--batch', '10%'), 0);
    assert.match(
      kit.stdout,
      /^# Made by: ctrkit manifest snmp --image docker-snmp:1\.0 --version 1\.0 --batch 10%\napiVersion: apps\/v1\n/,
    );
    assert.equal(made().kind, 'DaemonSet');
    assert.deepEqual(made().spec.updateStrategy, {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '10%' },
    });
    assert.deepEqual(kit.reported, []);
  });

  test('prints a document for each ASIC, and notes for people apart', async () => {
    assert.equal(await run('--host', '--asic', '0', '--asic=1'), 0);
    const names = (loadAll(kit.stdout) as PlannedObject[]).map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ['snmp', 'snmp0', 'snmp1']);
    assert.match(kit.reported[0] ?? '', /ASIC's pod runs in the host's network/);
  });

  test('prints the same as one List for machines', async () => {
    await run();
    const yaml = load(kit.stdout);
    kit.stdout = '';
    await run('--json');
    assert.deepEqual(JSON.parse(kit.stdout), { apiVersion: 'v1', kind: 'List', items: [yaml] });
  });

  test('repeats no secret but where it has to be', async () => {
    await run(
      '--env',
      'API_TOKEN=hunter2',
      '--env=DB_PASSWORD=hunter3',
      '--env',
      'CTRKIT_REDIS=redis://:hunter4@h',
      "--env=A=it's",
    );
    const [comment = '', ...rest] = kit.stdout.split('\n');
    assert.doesNotMatch(comment, /hunter/);
    assert.match(comment, /--env API_TOKEN=\.\.\. --env=DB_PASSWORD=\.\.\. .*'--env=A=it'\\''s'$/);
    assert.match(rest.join('\n'), /hunter2[^]*hunter3/);
  });

  test('has every option reach the plan', async () => {
    const words =
      '--namespace n --name m --os-version o --platform p --hwsku h --device-type t --select a=b --env C=d --volume /e:/f ' +
      '--without-volume /etc/fips --batch 3 --time-to-golden 1m --grace 20s --startup-grace 60s --privileged --memory 100Mi ' +
      '--pull-policy Always';
    assert.equal(await run(...words.split(' ')), 0);
    const { metadata, spec } = made();
    const pod = spec.template.spec;
    const [container] = pod.containers;
    assert.deepEqual([metadata.namespace, metadata.name], ['n', 'm']);
    assert.deepEqual(pod.nodeSelector, {
      snmp_enabled: 'true',
      sonic_version: 'o',
      'worker.sonic/platform': 'p',
      hwsku: 'h',
      'worker.sonic/device-type': 't',
      a: 'b',
    });
    assert.equal(envOf(made())['C'], 'd');
    const targets = new Set(container.volumeMounts.map(({ mountPath }) => mountPath));
    assert.deepEqual([targets.has('/f'), targets.has('/etc/fips')], [true, false]);
    assert.deepEqual(spec.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 3 } });
    assert.deepEqual([spec.minReadySeconds, pod.terminationGracePeriodSeconds], [71, 20]);
    assert.equal(container.startupProbe.failureThreshold, 60);
    assert.deepEqual(container.securityContext, { privileged: true });
    assert.deepEqual(container.resources, { limits: { memory: '100Mi' } });
    assert.equal(container.imagePullPolicy, 'Always');
    kit.stdout = '';
    await run('--static-pod', '--capability', 'NET_ADMIN');
    assert.match(kit.stdout, /\nkind: Pod\n[^]*add:\n +- NET_ADMIN\n/);
  });

  test('without what it needs, or with what makes no sense, is wrong usage', async () => {
    await fails(['manifest', 'snmp', '--version', '1'], /required option '--image <ref>'/);
    await fails(['manifest', 'snmp', '--image', IMAGE], /required option '--version <v>'/);
    await fails(['manifest', 'a/b', '--image', IMAGE, '--version', '1'], /is not legal: write 1 to 32/);
    await fails(['manifest', 'snmp', '--image', IMAGE, '--version', 'a b'], /the version "a b" is not legal/);
    await fails(['manifest', 'snmp', '--image', 'A', '--version', '1'], /--image is "A"/);
    assert.equal(kit.stdout, '');
  });

  test('explains itself', async () => {
    assert.equal(await runCtrkit(['manifest', '--help'], kit.ports), 0);
    for (const word of [
      'a_b and a-b',
      "ASIC's database container",
      '--static-pod',
      'staticPodPath',
      '--without-volume /usr/share/sonic/hwsku --without-volume /usr/share/sonic/platform',
    ])
      assert.ok(kit.stdout.includes(word), word);
    for (const line of kit.stdout.split('\n')) assert.ok(line.length <= 120, line);
  });
});

describe('the image’s own package manifest', () => {
  test('is read from the image where it is here', async () => {
    label({ service: { name: 'snmp' }, container: { privileged: true, environment: { FROM: 'label' } } });
    await run();
    assert.equal(envOf(made())['FROM'], 'label');
    assert.deepEqual(made().spec.template.spec.containers[0].securityContext, { privileged: true });
    assert.deepEqual(kit.reported, []);
  });

  test('is a file’s, or stdin’s, instead', async () => {
    label({ container: { environment: { FROM: 'label' } } });
    kit.inputs.set('-', '{"container": {"environment": {"FROM": "stdin"}}}');
    kit.inputs.set('/m.json', '{"container": {"environment": {"FROM": "file"}}}');
    for (const [path, from] of [
      ['-', 'stdin'],
      ['/m.json', 'file'],
    ] as const) {
      kit.stdout = '';
      await run('--package-manifest', path);
      assert.equal(envOf(made())['FROM'], from);
    }
    const words = ['manifest', 'snmp', '--image', IMAGE, '--version', '1', '--package-manifest', '/none'];
    await fails(words, /\/none can't be read/);
  });

  test('counts for nothing where it is not to', async () => {
    label({ service: { name: 'lldp' }, container: { environment: { FROM: 'label' } } });
    await fails(['manifest', 'snmp', '--image', IMAGE, '--version', '1'], /is of the feature "lldp"/);
    await run('--no-package-manifest');
    assert.equal(envOf(made())['FROM'], undefined);
  });

  test('that would hide the gate by a mount is told of that', async () => {
    label({ container: { volumes: ['/usr/share/sonic/scripts:/usr/share/sonic/scripts:ro'] } });
    assert.equal(await run(), 0);
    assert.doesNotMatch(kit.stdout, /sonic\/scripts/);
    assert.match(kit.reported.join('\n'), /^.* a mount on \/usr\/share\/sonic\/scripts, which is left out/);
  });

  test('that makes no sense is refused, and says where it is from', async () => {
    kit.engine.labelImage(IMAGE, { [PACKAGE_MANIFEST_LABEL]: '{' });
    await fails(
      ['manifest', 'snmp', '--image', IMAGE, '--version', '1'],
      /\(the label of docker-snmp:1\.0\) is not JSON/,
    );
  });

  test('is not missed without a word: no image here, no engine here', async () => {
    const words = ['manifest', 'snmp', '--image', 'elsewhere/snmp', '--version', '1'];
    assert.equal(await runCtrkit(words, kit.ports), 0);
    assert.match(
      kit.reported[0] ?? '',
      /^image elsewhere\/snmp:latest is not on this machine: .*--package-manifest FILE$/,
    );
    kit.reported.length = 0;
    kit.engine.goDown();
    assert.equal(await run(), 0);
    assert.match(
      kit.reported[0] ?? '',
      /^image docker-snmp:1\.0 can't be looked at: .*SONiC's defaults are used/,
    );
    Object.assign(kit.ports, {
      openEngine: async () => {
        throw new CtrkitError('usage', 'DOCKER_HOST is no unix socket');
      },
    });
    assert.equal(await run(), 0);
    assert.match(kit.reported[1] ?? '', /DOCKER_HOST is no unix socket/);
  });

  test('is found by the digest where there is one beside the tag', async () => {
    const digest = `docker-snmp@sha256:${'1'.repeat(64)}`;
    kit.engine.putImage('pinned', [digest]);
    kit.engine.labelImage(digest, {
      [PACKAGE_MANIFEST_LABEL]: '{"container": {"environment": {"FROM": "digest"}}}',
    });
    const image = `docker-snmp:1.0@sha256:${'1'.repeat(64)}`;
    assert.equal(await runCtrkit(['manifest', 'snmp', '--image', image, '--version', '1'], kit.ports), 0);
    assert.equal(envOf(made())['FROM'], 'digest');
  });
});
