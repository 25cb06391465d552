import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { findContainerId, readContainerId } from '../../../../../src/container/adapters/proc/container-id.ts';

/** One sample of what a container sees; its texts are `<name>.cgroup` and `<name>.mountinfo`, if it has them. */
interface Sample {
  readonly name: string;
  readonly says: string;
  readonly env: Record<string, string>;
  readonly expected: string;
  /** `captured` in a real container (disk names replaced), or `written` from what is known of the runtime. */
  readonly origin: 'captured' | 'written';
}

const folder = new URL('../../../../vectors/container-id/', import.meta.url);
const samples = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as readonly Sample[];

function readSample(name: string): string {
  const file = new URL(name, folder);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function handIn(id: string): string {
  return findContainerId({ env: { CTRKIT_CONTAINER_ID: id }, cgroup: '', mountinfo: '' });
}

const fullId = 'ABCDEF0123456789'.repeat(4);

describe('container id, samples of the runtimes (D4)', () => {
  for (const { name, says, env, expected } of samples) {
    test(`${name}: ${says}`, () => {
      const cgroup = readSample(`${name}.cgroup`);
      const mountinfo = readSample(`${name}.mountinfo`);
      assert.equal(findContainerId({ env, cgroup, mountinfo }), expected);
    });
  }

  test('every sample in the folder is in the table', () => {
    const names = new Set(samples.map(({ name }) => name));
    const strangers = readdirSync(folder).filter(
      (file) => file !== 'index.json' && !names.has(file.replace(/\.(?:cgroup|mountinfo)$/, '')),
    );
    assert.deepEqual(strangers, []);
    assert.ok(samples.length >= 50);
    assert.equal(names.size, samples.length);
  });
});

describe('container id handed in by CTRKIT_CONTAINER_ID (D4)', () => {
  test('12 to 64 hex digits become the short id, in lower case', () => {
    assert.equal(handIn(fullId), 'abcdef012345');
    assert.equal(handIn('ABCDEF012345'), 'abcdef012345');
    assert.equal(handIn('abcdef0123456'), 'abcdef012345');
  });

  test('any other safe id is taken as it is', () => {
    for (const id of ['snmp-1', 'Pod_7.a', 'x', 'abc123', 'n'.repeat(64)]) {
      assert.equal(handIn(id), id);
    }
  });

  test('an empty one counts as none', () => {
    assert.equal(handIn(''), 'unknown');
  });

  test('an id that does not fit into a database key is refused in one clear line', () => {
    for (const id of [
      'a|b',
      'a b',
      ' abc',
      'a\n',
      '\u0000',
      '-a',
      '.',
      'é',
      'n'.repeat(65),
      `${fullId}00`,
      '\u2028',
    ]) {
      assert.throws(
        () => handIn(id),
        (error: Error & { code?: string }) =>
          error.code === 'usage' &&
          /^CTRKIT_CONTAINER_ID is "[ -~]*: it has to be [ -~]+$/.test(error.message),
        JSON.stringify(id),
      );
    }
  });
});

describe('container id of this process', () => {
  test('it is what the files of this process say', () => {
    const [cgroup = '', mountinfo = ''] = ['/proc/self/cgroup', '/proc/self/mountinfo'].map((file) =>
      existsSync(file) ? readFileSync(file, 'utf8') : '',
    );
    assert.equal(readContainerId({}), findContainerId({ env: {}, cgroup, mountinfo }));
  });

  test('an id handed in is taken without a look at the files', () => {
    assert.equal(readContainerId({ CTRKIT_CONTAINER_ID: fullId }), 'abcdef012345');
  });
});
