// Which of two versions is higher (contract.md, section 6). Versions are compared within a class only: those that count up
// from dotted numbers (strict semver included), those that begin with a date, and the builds of one branch. Any other text is
// a class of its own. Within a class the order is total.
import type SemVer from 'semver/classes/semver.js';
import parseSemver from 'semver/functions/parse.js';
import { NO_VERSION } from '../../contract/names.ts';

/** How the first version compares to the second. */
export type VersionRelation = 'lower' | 'equal' | 'higher' | 'not-comparable';

interface DottedVersion {
  readonly kind: 'dotted';
  /** Only versions of the same series compare: a date is no higher than a number that counts up. */
  readonly series: Series;
  /** Without build metadata. */
  readonly text: string;
  readonly numbers: readonly string[];
  /** The text after the numbers that orders, without build metadata. */
  readonly rest: string;
}

type Version =
  | DottedVersion
  | { readonly kind: 'branch'; readonly branch: string; readonly build: string }
  | { readonly kind: 'other'; readonly text: string };

type Series = 'plain' | 'month' | 'day' | 'minute' | 'second';

/** A `v` is removed only before a number: `vnext` and `next` are two branches. */
const PREFIX = /^(?:SONiC\.)?(?:v(?=[0-9]))?/;
const DOTTED_NUMBERS = /^[0-9]+(?:\.[0-9]+)*/;
const ALL_DIGITS = /^[0-9]+$/;

/** `<branch>.<build>-<commit>` or `<branch>.0-dirty-<stamp>`: SONiC's build names images without a tag so. */
const BRANCH_BUILD = /^([^0-9].*?)\.([0-9]+)-(?:dirty-.+|[0-9A-Za-z]+)$/;

/** The digits of a date and a time, without separators, by their number. */
const DATES: readonly (readonly [series: Series, digits: RegExp])[] = [
  ['month', /^(?:19|20)\d\d(?:0[1-9]|1[0-2])$/],
  ['day', /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/],
  ['minute', /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d$/],
  ['second', /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){2}$/],
];
/** Digits alone that may as well be an abbreviated commit: one in 27 commits begins with seven digits. */
const COMMIT_LIKE = /^(?:\d{7,12}|\d{40})$/;
const COMMIT_REST = /^-[0-9A-Fa-f]{7,40}$/;
/** Words that say where a version stands beside the one without them. */
const PRE_RELEASE = /^-(?:alpha|beta|rc|pre|preview|dev|snapshot|dirty)(?![A-Za-z])/i;
/** Two letters in a row are a word (`-hotfix`, `_fix`), one alone may count (`a`, `b`). */
const WORD_REST = /^[-_]?[A-Za-z]{2}/;

/**
 * Compares two versions; `lower` says that `a` is lower than `b`. Never throws. Versions of one class are comparable, and
 * comparable is an equivalence; a version always equals itself.
 * Source: instance_higher() of container_startup.py, which nothing calls any more (D1).
 */
export function compareVersions(a: string, b: string): VersionRelation {
  const [x, y] = [parseVersion(a), parseVersion(b)];
  if (x.kind === 'dotted' && y.kind === 'dotted' && x.series === y.series) {
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
    return parseDotted(numbers.split('.'), rest);
  }
  const [, branch, build] = BRANCH_BUILD.exec(text) ?? [];
  return branch !== undefined && build !== undefined
    ? { kind: 'branch', branch, build }
    : { kind: 'other', text };
}

function parseDotted(numbers: readonly string[], rest: string): Version {
  const text = `${numbers.join('.')}${rest}`;
  const first = (numbers[0] ?? '').replace(/^0+(?=\d)/, '');
  const series = DATES.find(([, digits]) => digits.test(first))?.[0];
  if (series !== undefined) {
    // The commit tells builds of one number apart, and orders them by nothing.
    if (COMMIT_REST.test(rest)) return { kind: 'dotted', series, text, numbers, rest: '' };
    const isNamed = WORD_REST.test(rest) && !PRE_RELEASE.test(rest);
    return isNamed ? { kind: 'other', text } : { kind: 'dotted', series, text, numbers, rest };
  }
  // One number and a text: a hot-fix of a ticket, the beginning of a commit. One number alone counts up, as builds do.
  const isOrdered = numbers.length > 1 || (rest === '' ? !COMMIT_LIKE.test(first) : isOrderedRest(rest));
  return isOrdered ? { kind: 'dotted', series: 'plain', text, numbers, rest } : { kind: 'other', text };
}

/** After one number that is no date: only a pre-release says where the version stands. */
const isOrderedRest = (rest: string): boolean =>
  PRE_RELEASE.test(rest) || (/^-\d*(?:\.|$)/.test(rest) && !COMMIT_REST.test(rest));

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
