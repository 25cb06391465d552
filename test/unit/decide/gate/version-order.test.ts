import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareVersions, type VersionRelation } from '../../../../src/decide/gate/version-order.ts';

type Row = readonly [a: string, relation: VersionRelation, b: string];

const opposite: Record<VersionRelation, VersionRelation> = {
  lower: 'higher',
  equal: 'equal',
  higher: 'lower',
  'not-comparable': 'not-comparable',
};

const table: Record<string, readonly Row[]> = {
  'dotted numbers compare number by number, not as text': [
    ['20201230.9', 'lower', '20201230.11'],
    ['20201230.1.15', 'lower', '20201230.11'],
    ['20200824', 'lower', '20201230.1'],
    ['1', 'lower', '2'],
    ['9', 'lower', '10'],
    ['1.0.0', 'lower', '1.0.0.1'],
    ['1.2', 'higher', '1.1.9.9'],
  ],
  'a missing number counts as 0': [
    ['1', 'equal', '1.0.0.0'],
    ['20201230', 'equal', '20201230.0'],
    ['1.0', 'equal', '1.0.0'],
    ['1.0', 'lower', '1.0.1'],
  ],
  'numbers are compared exactly, whatever their length and leading zeros': [
    ['9007199254740993.0.0', 'higher', '9007199254740992.0.0'],
    ['20240101123456789012345', 'lower', '20240101123456789012346'],
    ['1.0.0-99999999999999999998', 'lower', '1.0.0-99999999999999999999'],
    ['1.0.0-99999999999999999999', 'lower', '1.0.0-rc'],
    ['20201230.09', 'equal', '20201230.9'],
    ['01.0.0', 'equal', '1.0.0'],
  ],
  'strict semver compares as semver does': [
    ['1.0.0', 'lower', '1.0.1'],
    ['1.0.0-rc.9', 'lower', '1.0.0-rc.10'],
    ['1.0.0-alpha', 'lower', '1.0.0-alpha.1'],
    ['1.0.0-alpha.1', 'lower', '1.0.0-alpha.beta'],
    ['1.0.0-beta.11', 'lower', '1.0.0-rc.1'],
    ['1.0.0-rc.1', 'lower', '1.0.0'],
    ['1.0.0-rc10', 'lower', '1.0.0-rc9'],
    ['1.0.0+build1', 'equal', '1.0.0+build2'],
    ['1.0.0-rc.1+a', 'equal', '1.0.0-rc.1+b'],
  ],
  'a rest after a hyphen is a pre-release, lower than none': [
    ['20220531-rc.3', 'lower', '20220531'],
    ['20220531-rc.3', 'higher', '20220530'],
    ['20220531-rc.9', 'lower', '20220531-rc.10'],
    ['202012.0-dirty-20240101.101500', 'lower', '202012.0'],
    ['202012.921927-18199d73f', 'lower', '202012.921930-abcdef012'],
    ['1.0.0-', 'lower', '1.0.0'],
  ],
  'strict semver and other dotted versions are in one order': [
    ['1.0.0-rc.1', 'lower', '1.0.0.0'],
    ['1.0.0-rc.1', 'equal', '1.0-rc.1'],
    ['1.0-rc.9', 'lower', '1.0.0-rc.10'],
    ['1.0.0+build1', 'equal', '1.0'],
    ['1.0+build1', 'equal', '1.0+build2'],
  ],
  'any other rest is higher than none, its digits compare as numbers': [
    ['20241110.kw.24', 'higher', '20241110'],
    ['20241110.kw.9', 'lower', '20241110.kw.24'],
    ['20241110.kw.24', 'lower', '20241111'],
    ['20241110.1', 'higher', '20241110.kw.24'],
    ['1.0.0a', 'lower', '1.0.0b'],
    ['1.0.0-rc.1', 'lower', '1.0.0.rc.1'],
  ],
  'a leading SONiC. or v is dropped': [
    ['SONiC.20201230.11', 'equal', '20201230.11'],
    ['SONiC.20201230.9', 'lower', '20201230.11'],
    ['v1', 'lower', 'v2'],
    ['v1.0.0', 'equal', '1.0.0'],
    ['SONiC.v1.0.0', 'equal', '1.0.0'],
    ['SONiC.master.5-abcdef0', 'lower', 'master.6-abcdef0'],
    ['vnext.5-abcdef0', 'not-comparable', 'next.6-abcdef0'],
    ['vv1', 'not-comparable', '1'],
    ['V1', 'not-comparable', '1'],
  ],
  'an empty version is 0.0.0': [
    ['', 'equal', '0.0.0'],
    ['', 'equal', ''],
    ['', 'lower', '0.0.1'],
    ['', 'higher', '0.0.0-rc.1'],
    ['', 'not-comparable', 'master.921927-18199d73f'],
  ],
  'branch builds compare by build number within one branch': [
    ['master.921927-18199d73f', 'lower', 'master.921930-abcdef'],
    ['master.99999-18199d73f', 'lower', 'master.100000-18199d73f'],
    ['master.921927-18199d73f', 'equal', 'master.921927-0a0a0a0a0'],
    ['internal.135691748-dbb8d29985', 'not-comparable', 'master.921927-18199d73f'],
    ['master.0-dirty-20240101.101500', 'lower', 'master.921927-18199d73f'],
    ['master.0-dirty-20240101.101500', 'equal', 'master.0-dirty-20240301.101500'],
    ['dev_ann.release-1.2.34-abcdef0', 'lower', 'dev_ann.release-1.2.35-abcdef0'],
    ['fix.1-bar.2-abcdef0', 'higher', 'fix.1-bar.1-abcdef0'],
    ['Master.1-abcdef0', 'not-comparable', 'master.2-abcdef0'],
  ],
  'what counts up and what begins with a date are not comparable (H8)': [
    ['2.0.1', 'not-comparable', '20230531.11'],
    ['1.0.0', 'not-comparable', '20201230.11'],
    ['', 'not-comparable', '20230531.11'],
    ['1234', 'not-comparable', '20230531.11'],
    ['202305.921927-18199d73f', 'not-comparable', '20230531.11'],
    ['202305311230', 'not-comparable', '20230531'],
    ['202305311230', 'lower', '202305311231'],
    ['20230531123059', 'higher', '20230531123058'],
    ['020230531.9', 'lower', '20230531.11'],
    // No month and no day.
    ['20231331.1', 'not-comparable', '20230531.1'],
    ['20230532.1', 'higher', '2.0.1'],
  ],
  'commits and the names of hot-fixes are ordered by nothing (H8)': [
    ['1234-hotfix', 'not-comparable', '20230531.11'],
    ['1234-hotfix', 'not-comparable', '1235'],
    ['1234-hotfix', 'equal', '1234-hotfix+build1'],
    ['8d4e1f2', 'not-comparable', '20230531.11'],
    ['8d4e1f2', 'not-comparable', '1.0.0'],
    ['8d4e1f2', 'not-comparable', '9d4e1f2'],
    ['1234567', 'not-comparable', '1.0.0'],
    ['1234567', 'equal', '1234567'],
    ['7-8d4e1f2', 'not-comparable', '8-8d4e1f2'],
    ['20230531.11-hotfix', 'not-comparable', '20230531.12'],
    ['20230531_fix', 'not-comparable', '20230531'],
    ['20230531.11-8d4e1f2', 'equal', '20230531.11-9d4e1f2'],
    ['20230531.11-8d4e1f2', 'lower', '20230531.12-0d4e1f2'],
  ],
  'one number counts up, and a pre-release of it is lower (H8)': [
    ['921927', 'lower', '921930'],
    ['2-rc.1', 'lower', '2'],
    ['2-rc.1', 'lower', '2-rc.2'],
    ['2-0', 'lower', '2'],
  ],
  'all else is not comparable, except with itself': [
    ['any', 'equal', 'any'],
    ['any', 'not-comparable', 'other'],
    ['any', 'not-comparable', '1.0.0'],
    ['master', 'not-comparable', 'master.921927-18199d73f'],
    ['master.921927', 'not-comparable', 'master.921928'],
    ['master.921927-18199d73f', 'not-comparable', '20201230.11'],
    ['-rc.1', 'not-comparable', '1.0.0'],
  ],
};

// D1: the shipped comparison raises on branch builds, and has no caller.
describe('version order (D1)', () => {
  for (const [title, rows] of Object.entries(table)) {
    test(title, () => {
      for (const [a, relation, b] of rows) {
        assert.equal(compareVersions(a, b), relation, `"${a}" relative to "${b}"`);
        assert.equal(compareVersions(b, a), opposite[relation], `"${b}" relative to "${a}"`);
      }
    });
  }

  test('a version of any length is compared in linear time', () => {
    const long = `1${'.0'.repeat(500_000)}`;
    const started = performance.now();
    assert.equal(compareVersions(long, '1'), 'equal');
    assert.equal(
      compareVersions(`b${'.1-'.repeat(300_000)}`, `b${'.1-dirty-'.repeat(100_000)}`),
      'not-comparable',
    );
    // Quadratic time would be hours: on no machine do the two meet at this limit.
    assert.ok(performance.now() - started < 60_000);
  });
});
