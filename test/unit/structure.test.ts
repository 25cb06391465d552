import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { STATUS_FIELD } from '../../src/contract/feature/status-fields.ts';

// What no lint rule can say: the shape of the tree (CONTRIBUTING.md).

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_FILE_LINES = 250;
const MAX_BIN_LINES = 20;
const MAX_METHODS = 8;

interface Source {
  readonly path: string;
  readonly text: string;
}

const listSources = (folder: string): Source[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({
      path: posix.join(folder, name),
      text: readFileSync(join(ROOT, folder, name), 'utf8'),
    }));

const SRC = listSources('src');
const BIN = listSources('bin');

const countLines = ({ text }: Source): number => text.split('\n').length - 1;

/** The files that a file imports, statically or when used; packages are left out. */
const listImports = ({ path, text }: Source): string[] =>
  [...text.matchAll(/(?:\bfrom|\bimport\()\s*'(\.[^']+)'/g)].map(([, target = '']) =>
    posix.join(dirname(path), target),
  );

/** Methods, getters and setters of each class; prettier puts each on a line of two spaces. */
function countMethods(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    const opened = /^(?:export )?(?:abstract )?class (\w+)/.exec(line)?.[1];
    if (opened !== undefined) counts.set((name = opened), 0);
    if (line === '}') name = undefined;
    const member =
      /^ {2}(?:(?:static|async|get|set|private|protected|override) )*\*?#?(\w+)(?:<[^(]*>)?\(/.exec(line);
    if (name !== undefined && member !== null && member[1] !== 'constructor')
      counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** A way from a folder back to itself along `edges`, if there is one. */
function findCircle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const walk = (folder: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(folder)) return [...way.slice(way.indexOf(folder)), folder];
    if (done.has(folder)) return undefined;
    done.add(folder);
    for (const next of edges.get(folder) ?? []) {
      const circle = walk(next, [...way, folder]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  for (const folder of edges.keys()) {
    const circle = walk(folder, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

function drawFolders(sources: readonly Source[]): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const source of sources)
    for (const target of listImports(source)) {
      const [from, to] = [dirname(source.path), dirname(target)];
      if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  return edges;
}

describe('the tree', () => {
  test('is read at all', () => {
    assert.ok(SRC.length > 200);
    assert.ok(BIN.length > 3);
  });

  test(`has no file of more than ${MAX_FILE_LINES} lines`, () => {
    const long = SRC.filter((source) => countLines(source) > MAX_FILE_LINES);
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    );
  });

  test(`has nothing in bin/ but calls: at most ${MAX_BIN_LINES} lines a file`, () => {
    const long = BIN.filter((source) => countLines(source) > MAX_BIN_LINES);
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    );
  });

  test('has files that import one way only, for a type too', () => {
    const edges = new Map(SRC.map((source) => [source.path, new Set(listImports(source))]));
    assert.equal(findCircle(edges)?.join(' -> '), undefined);
  });

  test('has folders that import one way only', () => {
    assert.equal(findCircle(drawFolders(SRC))?.join(' -> '), undefined);
  });

  test(`has no class of more than ${MAX_METHODS} methods: that is two things`, () => {
    const large = SRC.flatMap(({ path, text }) =>
      [...countMethods(text)].filter(([, count]) => count > MAX_METHODS).map(([name]) => `${path} ${name}`),
    );
    assert.deepEqual(large, []);
  });

  test('writes to stdout and stderr in one place: what a reader that ends, or a full disk, makes of it', () => {
    const writers = SRC.filter(({ text }) => /\bstd(?:out|err)\.write\(/.test(text));
    assert.deepEqual(writers.map(({ path }) => path).toSorted(), [
      'src/adapters/process/error-file.ts',
      'src/adapters/process/write-answer.ts',
    ]);
  });

  test('has one way to hide a member: #, not the word private', () => {
    const hidden = SRC.filter(({ text }) => /^ {2}private /m.test(text));
    assert.deepEqual(
      hidden.map(({ path }) => path),
      [],
    );
  });
});

describe('the names of the wire', () => {
  // What `--json` prints has the same names, and is a contract of its own.
  const isJson = (path: string): boolean =>
    /commands\/ctrkit\/.*(?:-entry|-json|kube-status)\.ts$/.test(path);
  const names = Object.values(STATUS_FIELD).filter((name) => name.includes('_'));

  test('fields of FEATURE stand in src/contract alone', () => {
    const pattern = new RegExp(`'(${names.join('|')})'|^\\s*(?:readonly )?(${names.join('|')}):`, 'm');
    const spelled = SRC.filter(({ path }) => !path.startsWith('src/contract/') && !isJson(path)).filter(
      ({ text }) => pattern.test(text),
    );
    assert.deepEqual(
      spelled.map(({ path }) => path),
      [],
    );
  });
});

describe('this page of tests', () => {
  test('finds a circle, and a way that is none', () => {
    const edges = (pairs: [string, string[]][]) =>
      new Map(pairs.map(([from, to]) => [from, new Set(to)] as const));
    assert.equal(
      findCircle(
        edges([
          ['a', ['b', 'c']],
          ['b', ['c']],
          ['c', []],
        ]),
      ),
      undefined,
    );
    assert.deepEqual(
      findCircle(
        edges([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
      ['b', 'c', 'b'],
    );
  });

  test('counts what a class has', () => {
    const text =
      'export class A {\n  #x = 1;\n  constructor() {\n  }\n  get x() {\n  }\n  async #y<T>(\n  ) {\n  }\n}\n';
    assert.deepEqual([...countMethods(text)], [['A', 2]]);
  });
});
