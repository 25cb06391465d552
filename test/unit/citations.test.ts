import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { collectPages, findCitations, type Citation, type TextFile } from '../support/citations.ts';

const TOP = new URL('../../', import.meta.url);
/** What no hand has written, or nobody has yet. */
const NOT_LOOKED_AT = new Set(['node_modules', 'dist', 'coverage', '.git', 'package-lock.json']);
/** Dangling citations stand here on purpose. */
const THIS_FILE = 'test/unit/citations.test.ts';

function readFiles(folder = ''): TextFile[] {
  const entries = readdirSync(new URL(folder, TOP), { withFileTypes: true });
  return entries
    .filter(({ name }) => !NOT_LOOKED_AT.has(name))
    .flatMap((entry) => {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) return readFiles(`${path}/`);
      return entry.isFile() ? [{ path, text: readFileSync(new URL(path, TOP), 'utf8') }] : [];
    });
}

const files = readFiles().filter(({ path }) => path !== THIS_FILE);
const pages = collectPages(files);
const cited = files.flatMap((file) =>
  findCitations(file, pages).map((citation) => ({ ...citation, path: file.path })),
);

describe('citations of the documents', () => {
  test('each leads to a document, section, heading or row that is there', () => {
    const dangling = cited.filter(({ fault }) => fault !== undefined);
    assert.deepEqual(
      dangling.map(({ path, text, fault }) => `${path}: ${text}: ${fault ?? ''}`),
      [],
    );
  });

  test('are found: of every kind there are some', () => {
    const least: Readonly<Record<Citation['kind'], number>> = {
      page: 50,
      section: 40,
      quote: 10,
      defect: 200,
      hld: 20,
      link: 30,
      anchor: 5,
    };
    for (const [kind, count] of Object.entries(least)) {
      const found = cited.filter((citation) => citation.kind === kind).length;
      assert.ok(found >= count, `${found} citations of the kind ${kind}, ${count} at least were expected`);
    }
  });

  test('do not name the documents that these were made from', () => {
    const found = files.filter(({ text }) => /\b(?:CONTRACT|FACTS|GAPS)\b/.test(text));
    assert.deepEqual(
      found.map(({ path }) => path),
      [],
    );
  });
});

describe('a dangling citation is told', () => {
  const faultsOf = (text: string, path = 'src/sample.ts'): string[] =>
    findCitations({ path, text }, pages).flatMap(({ fault }) => fault ?? []);

  for (const [text, fault] of [
    ['/** See nowhere.md. */', 'there is no such document'],
    ['/** See docs/nowhere.md. */', 'there is no such document'],
    ['/** (contract.md, section 99) */', 'the contract has no section 99'],
    ['/** (contract.md, sections 1 to 99) */', 'the contract has no section 99'],
    ['/** (contract.md,\n * section 99) */', 'the contract has no section 99'],
    ['/** The table of section 3. */', 'it does not say of which page: (contract.md, section N)'],
    ['/** (contract.md, section 8, "Nothing") */', 'docs/contract.md has no heading or lead-in "Nothing"'],
    [
      '/** (sonic.md, "Image tags", "No\n * such thing") */',
      'docs/sonic.md has no heading or lead-in "No such thing"',
    ],
    ["test('holds (D6, D99)')", 'known-defects.md has no such row'],
    ["test('holds (Z9)')", 'known-defects.md has no such row'],
    ['/** (HLD, "Nothing") */', 'sonic.md lists no heading "Nothing" of the HLD'],
    ['/** (HLD, "Self-mitigation" and "Nothing") */', 'sonic.md lists no heading "Nothing" of the HLD'],
    ['/** (D6; HLD) */', 'it quotes no heading of the HLD'],
    ['/** (HLD, in a few words) */', 'it quotes no heading of the HLD'],
  ] as const)
    test(JSON.stringify(text), () => assert.deepEqual(faultsOf(text), [fault]));

  test('links of a document, to a page and to a heading', () => {
    assert.deepEqual(faultsOf('[a](nowhere.md)', 'docs/sample.md'), ['there is no docs/nowhere.md']);
    assert.deepEqual(faultsOf('[a](contract.md#nothing)', 'docs/sample.md'), [
      'docs/contract.md has no heading #nothing',
    ]);
    assert.deepEqual(faultsOf('[a](../README.md) and [b](https://example/x.md)', 'docs/sample.md'), []);
  });

  test('the id of a finding outside a test’s title', () => {
    const text = "test('holds (G1)'), test('opens none (S5)') and test('keeps it (H1, HF2)')";
    assert.deepEqual(faultsOf(text), Array(4).fill('known-defects.md has no such row'));
    assert.deepEqual(faultsOf(text, 'test/integration/sample.test.ts'), []);
  });

  test('and one that leads somewhere is not', () => {
    const text =
      '(contract.md, sections 1 to 3; sonic.md, "Host wait"; HLD, "Feature Status"; D6) and docs/checks.md';
    assert.deepEqual(faultsOf(text), []);
    const kinds = findCitations({ path: 'src/sample.ts', text }, pages).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['page', 'page', 'page', 'section', 'section', 'quote', 'defect', 'hld']);
  });
});
