import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { AGENT_HELP } from '../../src/container/commands/agent-options.ts';
import { STARTUP_HELP } from '../../src/container/commands/startup-options.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import { FALLBACK_FIELDS, IMAGE_POLICY_FIELDS } from '../../src/contract/images/image-policy.ts';
import { parseDaemonLine } from '../../src/host/commands/ctrkitd/options.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

/** The cells of the table under `| exit | meaning |`. */
function readExitTable(file: string): { readonly exit: string; readonly meaning: string }[] {
  const lines = read(file).split('\n');
  const head = lines.findIndex((line) => /^\|\s*exit\s*\|\s*meaning\s*\|/i.test(line));
  assert.notEqual(head, -1, `${file} has no table | exit | meaning |`);
  const rows = lines.slice(head + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end === -1 ? undefined : end).map((line) => {
    const [, exit = '', meaning = ''] = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    return { exit, meaning };
  });
}

for (const file of ['README.md', 'docs/contract.md', 'docs/host.md'])
  describe(file, () => {
    test('its table of exit codes has every code of the source, in order, and no other', () => {
      const table = readExitTable(file);
      const codes = table.map(({ exit }) => exit).filter((exit) => /^\d+$/.test(exit));
      const wanted = Object.values(EXIT).toSorted((a, b) => a - b);
      assert.deepEqual(codes.map(Number), wanted);
    });

    test('its table of exit codes has the shell’s convention for a signal, and a meaning for each', () => {
      const table = readExitTable(file);
      const others = table.map(({ exit }) => exit).filter((exit) => !/^\d+$/.test(exit));
      assert.deepEqual(others, ['128+n']);
      for (const { exit, meaning } of table) assert.notEqual(meaning, '', exit);
    });
  });

describe('README.md', () => {
  test('its table of settings names every setting that --help of the container side names', () => {
    const rows = new Set([...read('README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name));
    const named = `${STARTUP_HELP}${AGENT_HELP}`.match(/\b(?:CTRKIT|NAMESPACE)_[A-Z_]+/g) ?? [];
    assert.ok(named.length > 5);
    assert.deepEqual(
      named.filter((name) => !rows.has(name)),
      [],
    );
  });
});

describe('docs/host.md', () => {
  test('its table of settings has every field of the policy, and no other', () => {
    const fields = [...IMAGE_POLICY_FIELDS, ...FALLBACK_FIELDS.map((field) => `FEATURE\\|f ${field}`)];
    const rows = [...read('docs/host.md').matchAll(/^\| `([^|]*(?:\\\|[^|]*)?)` \|/gm)].map(
      ([, cell = '']) => cell,
    );
    const named = new Set(rows.map((cell) => cell.replaceAll('`', '')));
    const missing = fields.filter(
      (field) => !named.has(field) && field !== 'FEATURE\\|f remote_fail_detection',
    );
    assert.deepEqual(missing, []);
    assert.match(read('docs/host.md'), /remote_fail_detection/);
  });

  test('it names every setting that --help of ctrkitd names', () => {
    const line = parseDaemonLine(['--help']);
    assert.ok(line.kind === 'help');
    const settings = [...line.text.matchAll(/^ {2}([A-Z][A-Z_]+) /gm)].map(([, name = '']) => name);
    assert.ok(settings.length > 5);
    assert.deepEqual(
      settings.filter((name) => !read('docs/host.md').includes(name)),
      [],
    );
  });
});

describe('CHANGELOG.md', () => {
  test('its top heading is the version of package.json', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const heading = read('CHANGELOG.md').match(/^## +\[?v?([^\]\s]+)/m)?.[1];
    assert.equal(heading, version);
  });
});

/** These two name paths of SONiC's own repositories. */
const ON_SONIC: ReadonlySet<string> = new Set(['sonic.md', 'known-defects.md']);
const pages = ['README.md', 'CONTRIBUTING.md', 'test/README.md'].concat(
  readdirSync(new URL('../../docs/', import.meta.url))
    .filter((name) => name.endsWith('.md') && !ON_SONIC.has(name))
    .map((name) => `docs/${name}`),
);

const isThere = (path: string, page: string): boolean =>
  [new URL('../../', import.meta.url), new URL(`../../${page}`, import.meta.url)].some((base) =>
    existsSync(new URL(path, base)),
  );

for (const page of pages)
  test(`every path of this repository that ${page} names is there`, () => {
    const named = [...read(page).matchAll(/`((?:src|bin|test|docs|docker|rootfs)\/[\w./-]+)`/g)];
    const paths = named.map(([, path = '']) => path);
    assert.deepEqual(
      paths.filter((path) => !isThere(path, page)),
      [],
    );
  });
