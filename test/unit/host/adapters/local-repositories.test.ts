import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readLocalRepositories } from '../../../../src/host/adapters/local-repositories.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-names-'));
});
after(() => rmSync(folder, { recursive: true }));

function read(text: string): { names: [string, string][]; problems: readonly string[] } {
  const file = join(folder, 'ctr_image_names.json');
  writeFileSync(file, text);
  const { repositories, problems } = readLocalRepositories(file);
  return { names: [...repositories], problems };
}

test('names are read as SONiC writes them', () => {
  const text = '{"snmp": "docker-snmp", "radv": "docker-router-advertiser"}';
  assert.deepEqual(read(text), {
    names: [
      ['snmp', 'docker-snmp'],
      ['radv', 'docker-router-advertiser'],
    ],
    problems: [],
  });
});

test('a file that is not there is one without names', () => {
  const { repositories, problems } = readLocalRepositories(join(folder, 'none.json'));
  assert.deepEqual([repositories.size, problems], [0, []]);
});

test('what is no name is left out and told, a line each; the others count', () => {
  const text = '{"snmp": "docker-snmp", "a/b": "x", "lldp": 5, "bgp": "A B", "__proto__": "docker-x:1"}';
  const { names, problems } = read(text);
  assert.deepEqual(names, [['snmp', 'docker-snmp']]);
  assert.equal(problems.length, 4);
});

test('a broken file gives no names, and one line on why', () => {
  for (const text of ['', '{"snmp": ', '[]', 'null', '"docker-snmp"', ' '.repeat(1024 * 1024 + 1)]) {
    const { names, problems } = read(text);
    assert.deepEqual(names, []);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /^[ -~]+ctr_image_names\.json can't be read: [ -~]+$/);
  }
});

test('neither a folder nor a pipe in its place holds anybody up', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [folder, pipe]) {
    assert.match(readLocalRepositories(path).problems[0] ?? '', /no regular file/);
  }
});
