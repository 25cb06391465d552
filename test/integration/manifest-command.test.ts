import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const WORDS = ['manifest', 'snmp', '--image', 'docker-snmp:1.0', '--version', '1.0'];

function run(words: readonly string[], { input = '', dockerHost = 'unix:///nonexistent/docker.sock' } = {}) {
  const command = [
    '--import',
    `${repository}node_modules/tsx/dist/esm/index.mjs`,
    `${repository}bin/ctrkit.ts`,
  ];
  return spawnSync(process.execPath, [...command, ...words], {
    input,
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      PATH: process.env['PATH'],
      DOCKER_HOST: dockerHost,
      CTRKIT_REDIS: 'unix:///nonexistent/redis.sock',
    },
  });
}

describe('ctrkit manifest on a machine that is no switch', { timeout: 600_000 }, () => {
  test('goes on without an engine, whatever is wrong with it, and asks no database', () => {
    for (const dockerHost of ['unix:///nonexistent/docker.sock', 'tcp://engine.example:2376']) {
      const { status, stdout, stderr } = run(WORDS, { dockerHost });
      assert.equal(status, 0, stderr);
      assert.equal(loadAll(stdout).length, 1);
      assert.match(stderr, /^ctrkit: image docker-snmp:1\.0 can't be looked at: .*\n$/);
    }
  });

  test('takes the package manifest from a pipe', () => {
    const input = '{"container": {"volumes": ["/a:/from-pipe:ro"]}}';
    const { status, stdout, stderr } = run([...WORDS, '--package-manifest', '-'], { input });
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /mountPath: \/from-pipe\n/);
  });

  test('prints nothing on stdout when it refuses', () => {
    const { status, stdout, stderr } = run([...WORDS, '--no-package-manifest', '--batch', '0']);
    assert.deepEqual([status, stdout], [64, '']);
    assert.match(stderr, /^ctrkit: error: --batch is "0": no switch would ever be updated: .*\n$/);
  });
});
