// Which of two versions is higher (contract.md, section 6). There are three kinds of classes: versions that begin with
// dotted numbers (strict semver included), the builds of one branch, and any other text, a class of its own. Versions of
// different classes are not comparable. Within a class the order is total.
import type SemVer from 'semver/classes/semver.js';
import parseSemver from 'semver/functions/parse.js';
import { NO_VERSION } from '../../contract/names.ts';

/** How the first version compares to the second. */
export type VersionRelation = 'lower' | 'equal' | 'higher' | 'not-comparable';

interface DottedVersion {
  readonly kind: 'dotted';
  readonly text: string;
  readonly numbers: readonly string[];
  /** The text after the numbers, without build metadata. */
  readonly rest: string;
}

type Version =
  | DottedVersion
  | { readonly kind: 'branch'; readonly branch: string; readonly build: string }
  | { readonly kind: 'other'; readonly text: string };

/** A `v` is removed only before a number: `vnext` and `next` are two branches. */
const PREFIX = /^(?:SONiC\.)?(?:v(?=[0-9]))?/;
const DOTTED_NUMBERS = /^[0-9]+(?:\.[0-9]+)*/;
const ALL_DIGITS = /^[0-9]+$/;

/** `<branch>.<build>-<commit>` or `<branch>.0-dirty-<stamp>`: SONiC's build names images without a tag so. */
const BRANCH_BUILD = /^([^0-9].*?)\.([0-9]+)-(?:dirty-.+|[0-9A-Za-z]+)$/;

/**
 * Compares two versions; `lower` says that `a` is lower than `b`. Never throws. Any two versions that begin
 * with a number are comparable, and so are any two builds of one branch; a version always equals itself.
 * Source: instance_higher() of container_startup.py, which nothing calls any more (D1).
 */
export function compareVersions(a: string, b: string): VersionRelation {
  const [x, y] = [parseVersion(a), parseVersion(b)];
  if (x.kind === 'dotted' && y.kind === 'dotted') {
    return describeRelation(compareDotted(x, y));
  }
  if (x.kind === 'branch' && y.kind === 'branch' && x.branch === y.branch) {
    return describeRelation(compareDigits(x.build, y.build));
  }
  return x.kind === 'other' && y.kind === 'other' && x.text === y.text ? 'equal' : 'not-comparable';
}

function describeRelation(order: number): VersionRelation {
  if (order === 0) {
    return 'equal';
  }
  return order < 0 ? 'lower' : 'higher';
}

function parseVersion(version: string): Version {
  const text = version.trim().replace(PREFIX, '') || NO_VERSION;
  const numbers = DOTTED_NUMBERS.exec(text)?.[0];
  if (numbers !== undefined) {
    const rest = text.slice(numbers.length).split('+', 1)[0] ?? '';
    return { kind: 'dotted', text, numbers: numbers.split('.'), rest };
  }
  const [, branch, build] = BRANCH_BUILD.exec(text) ?? [];
  return branch !== undefined && build !== undefined
    ? { kind: 'branch', branch, build }
    : { kind: 'other', text };
}

/**
 * Two strict semver versions compare as semver says. All others compare by an extension of semver that keeps the order
 * transitive: pre-releases compare as in semver, and build metadata is ignored.
 */
function compareDotted(x: DottedVersion, y: DottedVersion): number {
  const [strictX, strictY] = [parseStrict(x.text), parseStrict(y.text)];
  if (strictX !== undefined && strictY !== undefined) {
    return strictX.compare(strictY);
  }
  return compareNumbers(x.numbers, y.numbers) || compareRests(x.rest, y.rest);
}

/** Undefined also for numbers beyond 2^53 in a pre-release, which the package compares inexactly. */
function parseStrict(text: string): SemVer | undefined {
  const parsed = parseSemver(text);
  const isExact = parsed?.prerelease.every((part) => typeof part === 'number' || !ALL_DIGITS.test(part));
  return parsed !== null && isExact === true ? parsed : undefined;
}

function compareNumbers(x: readonly string[], y: readonly string[]): number {
  for (let i = 0; i < Math.max(x.length, y.length); i += 1) {
    const order = compareDigits(x[i] ?? '0', y[i] ?? '0');
    if (order !== 0) {
      return order;
    }
  }
  return 0;
}

/** A pre-release is lower than an empty rest, and an empty rest is lower than any other (`.kw.24`, `a`). */
function compareRests(x: string, y: string): number {
  return rankRest(x) - rankRest(y) || compareIdentifiers(splitIdentifiers(x), splitIdentifiers(y));
}

function rankRest(rest: string): number {
  if (rest === '') {
    return 1;
  }
  return rest.startsWith('-') ? 0 : 2;
}

function splitIdentifiers(rest: string): string[] {
  return rest.replace(/^-/, '').split('.');
}

/** Rule 11.4 of semver: part by part; numbers compare as numbers and are lower than text; fewer parts are lower. */
function compareIdentifiers(x: readonly string[], y: readonly string[]): number {
  for (const [i, part] of x.entries()) {
    const other = y[i];
    if (other === undefined) {
      return 1;
    }
    const order = compareIdentifier(part, other);
    if (order !== 0) {
      return order;
    }
  }
  return x.length - y.length;
}

function compareIdentifier(x: string, y: string): number {
  const [isNumberX, isNumberY] = [ALL_DIGITS.test(x), ALL_DIGITS.test(y)];
  if (isNumberX && isNumberY) {
    return compareDigits(x, y);
  }
  if (isNumberX !== isNumberY) {
    return isNumberX ? -1 : 1;
  }
  return compareText(x, y);
}

/** Compares digits of any length exactly; leading zeros are ignored. */
function compareDigits(x: string, y: string): number {
  const [a, b] = [x.replace(/^0+/, ''), y.replace(/^0+/, '')];
  return a.length === b.length ? compareText(a, b) : a.length - b.length;
}

function compareText(x: string, y: string): number {
  if (x === y) {
    return 0;
  }
  return x < y ? -1 : 1;
}
