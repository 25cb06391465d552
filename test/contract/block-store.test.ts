import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MAX_OPERATOR_BLOCKS, type OperatorBlock } from '../../src/contract/images/block.ts';
import { createBlockFiles } from '../../src/host/adapters/blocks/block-file.ts';
import type { BlockStore } from '../../src/ports/block-store.ts';
import { FakeBlockStore } from '../support/fake-block-store.ts';

let root = '';
let folder = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctrkit-blocks-'));
  folder = join(root, 'host/ctrkit/blocks');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const block = (version: string, more: Partial<OperatorBlock> = {}): OperatorBlock => ({
  version,
  reason: 'crashes with this SKU',
  owner: 'alice',
  sinceTs: 1_767_323_045,
  ...more,
});
const versions = (store: BlockStore): Record<string, string[]> =>
  Object.fromEntries(
    [...store.list().blocks].map(([feature, blocks]) => [feature, blocks.map(({ version }) => version)]),
  );

const STORES: Readonly<Record<string, () => BlockStore>> = {
  'blocks in memory': () => new FakeBlockStore(),
  'block files': () => createBlockFiles(folder),
};

for (const [name, open] of Object.entries(STORES)) {
  describe(name, () => {
    test('are none at first', () => {
      assert.deepEqual(open().list(), { blocks: new Map(), problems: [] });
    });

    test('keep what was said of each, in the order in which they were set', () => {
      const store = open();
      store.add('snmp', block('2.0', { owner: 'Jörg', reason: 'Prüfung' }));
      store.add('snmp', block('1.0'));
      store.add('lldp', block('2.0'));
      assert.deepEqual(
        store.list().blocks,
        new Map([
          ['lldp', [block('2.0')]],
          ['snmp', [block('2.0', { owner: 'Jörg', reason: 'Prüfung' }), block('1.0')]],
        ]),
      );
    });

    test('are one a version: the later one counts', () => {
      const store = open();
      store.add('snmp', block('2.0'));
      store.add('snmp', block('2.0', { owner: 'bob' }));
      assert.deepEqual(store.list().blocks.get('snmp'), [block('2.0', { owner: 'bob' })]);
    });

    test('go when they are removed, and the others stay', () => {
      const store = open();
      for (const version of ['1.0', '2.0']) store.add('snmp', block(version));
      assert.equal(store.remove('snmp', '1.0'), true);
      assert.equal(store.remove('snmp', '1.0'), false);
      assert.equal(store.remove('lldp', '1.0'), false);
      assert.deepEqual(versions(store), { snmp: ['2.0'] });
      assert.equal(store.remove('snmp', '2.0'), true);
      assert.deepEqual(versions(store), {});
    });

    test('are of legal features and versions only', () => {
      const store = open();
      for (const feature of ['../../etc/passwd', '', '.', 'a/b', 'x'.repeat(33)])
        assert.throws(() => store.add(feature, block('1.0')), { code: 'usage' });
      for (const version of ['', 'a b', 'a|b', 'x'.repeat(129), 'ü', '1\n2'])
        assert.throws(() => store.add('snmp', block(version)), { code: 'usage' });
      assert.deepEqual(versions(store), {});
    });
  });
}

describe('a file of blocks', () => {
  const path = (name: string): string => join(folder, name);

  test('outlives the process that wrote it, whole, for everybody to read, and nothing else is left', () => {
    createBlockFiles(folder).add('snmp', block('2.0'));
    assert.deepEqual(versions(createBlockFiles(folder)), { snmp: ['2.0'] });
    assert.deepEqual(readdirSync(folder), ['snmp.json']);
    assert.equal(statSync(path('snmp.json')).mode & 0o777, 0o644);
    assert.equal(createBlockFiles(folder).remove('snmp', '2.0'), true);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('holds so many blocks of the longest, and no more', () => {
    const store = createBlockFiles(folder);
    const longest = { owner: 'ä'.repeat(80), reason: '"ü'.repeat(200) };
    for (let i = 0; i < MAX_OPERATOR_BLOCKS; i += 1)
      store.add('snmp', block(`${i}`.padStart(128, '"'), longest));
    assert.equal(store.list().blocks.get('snmp')?.length, MAX_OPERATOR_BLOCKS);
    assert.throws(() => store.add('snmp', block('one.more')), { code: 'usage' });
    store.add('snmp', block('0'.padStart(128, '"')));
    assert.equal(store.list().blocks.get('snmp')?.length, MAX_OPERATOR_BLOCKS);
  });

  test('that is torn, empty, foreign, hostile or of another feature blocks nothing, is told, and is never written over', () => {
    const store = createBlockFiles(folder);
    store.add('snmp', block('2.0'));
    const whole = readFileSync(path('snmp.json'), 'utf8');
    for (const text of [
      '',
      whole.slice(0, whole.length / 2),
      '{}',
      'null',
      '[]',
      '{"format":1,"feature":"snmp"}',
      '{"format":1,"feature":"snmp","blocks":[null]}',
      whole.replace('"snmp"', '"lldp"'),
      whole.replace('"2.0"', '"2.0|x"'),
      whole.replace('"2.0"', '"../2 0"'),
      whole.replace('"2.0"', '2'),
      whole.replace('1767323045', '-1'),
      whole.replace('"format": 1', '"format": 2'),
      whole.replace('crashes', 'x'.repeat(300_000)),
      `{"__proto__":{"format":1},${whole.slice(1).replace('"format": 1,', '')}`,
    ]) {
      writeFileSync(path('snmp.json'), text);
      const { blocks, problems } = store.list();
      assert.equal(blocks.size, 0, text);
      assert.match(problems[0] ?? '', /snmp\.json .*blocks nothing: remove it$/);
      assert.throws(() => store.add('snmp', block('3.0')), { code: 'disk', message: /remove it first$/ });
      assert.equal(store.remove('snmp', '2.0'), false);
      assert.equal(readFileSync(path('snmp.json'), 'utf8'), text);
    }
  });

  test('in whose place is a folder, a link or a pipe blocks nothing, and nothing waits for it', () => {
    mkdirSync(path('snmp.json'), { recursive: true });
    symlinkSync('/dev/zero', path('lldp.json'));
    assert.equal(spawnSync('mkfifo', [path('radv.json')]).status, 0);
    writeFileSync(path('no feature.json'), '{}');
    const { blocks, problems } = createBlockFiles(folder).list();
    assert.equal(blocks.size, 0);
    assert.equal(problems.length, 4);
  });

  test('that others than root may write is not believed', { skip: process.getuid?.() !== 0 }, () => {
    const store = createBlockFiles(folder);
    store.add('snmp', block('2.0'));
    chmodSync(path('snmp.json'), 0o666);
    assert.match(store.list().problems[0] ?? '', /may be written by others than root, and blocks nothing/);
    chmodSync(path('snmp.json'), 0o600);
    assert.deepEqual(versions(store), { snmp: ['2.0'] });
    chownSync(path('snmp.json'), 65_534, 65_534);
    assert.deepEqual(versions(store), {});
  });

  test('can not forge a line of a terminal by its owner or reason', () => {
    const store = createBlockFiles(folder);
    store.add('snmp', block('2.0', { owner: 'a\nb\u001b[31m', reason: 'x\u202ey\u0085z\u2028' }));
    const [found] = store.list().blocks.get('snmp') ?? [];
    assert.equal(found?.owner, 'a b [31m');
    assert.equal(found?.reason, 'x y z ');
  });

  test('that can not be written or read is an error of the disk that names it', () => {
    writeFileSync(join(root, 'file'), '');
    const store = createBlockFiles(join(root, 'file/blocks'));
    for (const call of [() => store.add('snmp', block('1.0')), () => store.list()])
      assert.throws(call, (error: Error & { code: string }) => {
        assert.match(error.message, /file\/blocks.* can't be /);
        return error.code === 'disk';
      });
  });
});
