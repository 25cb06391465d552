import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import compareSemver from 'semver/functions/compare.js';
import parseSemver from 'semver/functions/parse.js';
import { compareVersions, type VersionRelation } from '../../src/decide/gate/version-order.ts';
import { runsOf } from '../support/run-counts.ts';

const runs = runsOf(20_000);

const opposite: Record<VersionRelation, VersionRelation> = {
  lower: 'higher',
  equal: 'equal',
  higher: 'lower',
  'not-comparable': 'not-comparable',
};

function oneOf(words: string): fc.Arbitrary<string> {
  return fc.constantFrom(...words.split(' '));
}

// Few and near values: what breaks a law is two kinds of version that meet on almost the same value.
const number = oneOf('0 1 2 9 10 00 01 20201230 9007199254740992 9007199254740993');
const identifier = fc.oneof(
  number,
  fc.constantFrom('rc', 'rc9', 'rc10', 'kw', 'a', 'A', '-', '', '0a', 'dirty-1', 'hotfix', '18199d7'),
);
const identifiers = fc.array(identifier, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'));
const numbers = fc.array(number, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
const tail = fc.oneof(
  fc.constant(''),
  identifiers.map((text) => `-${text}`),
  identifiers.map((text) => `.${text}`),
  identifiers.map((text) => `+${text}`),
  fc.tuple(identifiers, identifiers).map(([before, after]) => `-${before}+${after}`),
  fc.constantFrom('a', 'rc1', '~1', '_', '.', '..', '-', '+', 'b1.9', 'b1.10', ' ', '\n'),
);
const dotted = fc.tuple(numbers, tail).map((parts) => parts.join(''));
const semverNumber = fc.constantFrom('0', '1', '2', '10');
const semverIdentifiers = fc
  .array(fc.constantFrom('0', '1', '2', '10', 'rc', 'rc9', 'A', '-'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('.'));
const strict = fc
  .tuple(semverNumber, semverNumber, semverNumber, fc.option(semverIdentifiers), fc.option(semverIdentifiers))
  .map(([major, minor, patch, pre, build]) => {
    const core = [major, minor, patch].join('.');
    return `${core}${pre === null ? '' : `-${pre}`}${build === null ? '' : `+${build}`}`;
  });
const branch = fc
  .tuple(
    fc.constantFrom('master', 'internal', 'v', 'vv', 'm.1-b', '202012', 'b.0-dirty-x'),
    number,
    fc.constantFrom('-18199d73f', '-abcdef', '-0', '-dirty-20240101.101500', '-dirty-x.1-y', ''),
  )
  .map(([name, build, rest]) => `${name}.${build}${rest}`);
const odd = fc.constantFrom(
  '',
  'any',
  'v',
  'SONiC.',
  'SONiC',
  '-',
  '+',
  '.',
  '.1',
  'master',
  ' ',
  'é',
  '１.0',
);
const prefix = fc.constantFrom('', '', '', '', 'v', 'SONiC.', 'SONiC.v');
const version = fc
  .tuple(prefix, fc.oneof({ weight: 4, arbitrary: dotted }, { weight: 3, arbitrary: strict }, branch, odd))
  .map((parts) => parts.join(''));
/** Different spellings of nearly one version: without these, equal values of different kinds hardly meet. */
const near = fc
  .tuple(
    oneOf('1 1.0 1.0.0 01.0 1.0.0.0 v1.0.0'),
    oneOf(' -rc.9 -rc.10 -rc.09 -rc.9+b -9007199254740992 -9007199254740993 -rc -0 - +a +b .a a'),
    fc.constantFrom('', '', ' '),
  )
  .map(([head, rest, blank]) => `${head}${rest}${blank}`);
const three = fc.oneof(...[version, near].map((kind) => fc.array(kind, { minLength: 3, maxLength: 3 })));

describe('version order, for any versions', () => {
  test('the relation of b to a is the opposite of that of a to b', () => {
    fc.assert(
      fc.property(three, ([a = '', b = '']) => {
        assert.equal(compareVersions(b, a), opposite[compareVersions(a, b)]);
      }),
      runs,
    );
  });

  test('a version equals itself, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.oneof(version, fc.string({ unit: 'binary' })), (a) => {
        assert.equal(compareVersions(a, a), 'equal');
      }),
      runs,
    );
  });

  test('what compares with one version compares alike with all that equal it, and order carries over', () => {
    fc.assert(
      fc.property(three, ([a = '', b = '', c = '']) => {
        const [ab, bc, ac] = [compareVersions(a, b), compareVersions(b, c), compareVersions(a, c)];
        if (ab === 'not-comparable' || bc === 'not-comparable') {
          // Comparable is an equivalence: one link missing means both are, or the ends are apart too.
          assert.ok(ab === bc || ac === 'not-comparable');
        } else if (ab === 'equal' || ab === bc) {
          assert.equal(ac, bc);
        } else if (bc === 'equal') {
          assert.equal(ac, ab);
        } else {
          assert.notEqual(ac, 'not-comparable');
        }
      }),
      runsOf(60_000),
    );
  });

  test('dotted numbers are always comparable, and so are dates; the two never are (H8)', () => {
    const counted = fc.array(oneOf('0 1 2 9 10 00 01 20201331 9007199254740992'), {
      minLength: 2,
      maxLength: 5,
    });
    const dated = fc.tuple(oneOf('20201230 020201230 20200101 19991231'), fc.array(number, { maxLength: 4 }));
    const rest = fc.constantFrom(
      '',
      '-rc.1',
      '-rc.10',
      '-0',
      '.kw.9',
      '.a',
      '-dirty-1',
      'a',
      '-18199d7',
      '+hotfix',
    );
    const countedVersion = fc.tuple(counted, rest).map(([parts, text]) => `${parts.join('.')}${text}`);
    const datedVersion = fc
      .tuple(dated, rest)
      .map(([[day, builds], text]) => `${[day, ...builds].join('.')}${text}`);
    fc.assert(
      fc.property(
        fc.oneof(countedVersion, strict),
        countedVersion,
        datedVersion,
        datedVersion,
        (a, b, c, d) => {
          assert.notEqual(compareVersions(a, b), 'not-comparable');
          assert.notEqual(compareVersions(c, d), 'not-comparable');
          assert.equal(compareVersions(a, c), 'not-comparable');
        },
      ),
      runs,
    );
  });

  test('builds of one branch are always comparable, builds of two branches never', () => {
    const name = fc.constantFrom('master', 'internal', 'dev', 'v');
    fc.assert(
      fc.property(name, name, fc.nat(), fc.nat(), (left, right, m, n) => {
        const relation = compareVersions(`${left}.${m}-abcdef0`, `${right}.${n}-0123456`);
        const expected: VersionRelation = m === n ? 'equal' : m < n ? 'lower' : 'higher';
        assert.equal(relation, left === right ? expected : 'not-comparable');
      }),
      runs,
    );
  });

  test('strict semver compares as the semver package says, also where spelled in a way that is not strict', () => {
    const relations: readonly VersionRelation[] = ['lower', 'equal', 'higher'];
    fc.assert(
      fc.property(strict, strict, (a, b) => {
        assert.ok(parseSemver(a) !== null && parseSemver(b) !== null);
        const expected = relations[compareSemver(a, b) + 1];
        assert.equal(compareVersions(a, b), expected);
        // A leading zero takes the version out of strict semver and changes nothing of its value.
        assert.equal(compareVersions(`0${a}`, b), expected);
        assert.equal(compareVersions(`0${a}`, `0${b}`), expected);
      }),
      runs,
    );
  });

  test('a prefix of SONiC. or v, blanks around and build metadata change nothing of a dotted version', () => {
    fc.assert(
      fc.property(fc.oneof(dotted, strict), version, (a, b) => {
        const expected = compareVersions(a, b);
        for (const same of [`SONiC.${a}`, `v${a}`, ` ${a} `, `${a.trim()}+x.1`]) {
          assert.equal(compareVersions(same, b), expected);
        }
      }),
      runs,
    );
  });

  test('any two texts have a relation', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (a, b) => {
        assert.ok(Object.hasOwn(opposite, compareVersions(a, b)));
      }),
      runs,
    );
  });
});
