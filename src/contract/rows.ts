/**
 * The tables of CONFIG_DB and STATE_DB that the kit reads or writes, as addresses and as values.
 * A row is a Redis hash; a field that is not there is `undefined`.
 */
import type { DatabaseName } from './databases.ts';

export interface RowAddress {
  readonly db: DatabaseName;
  /** Table and row; the separator is put between them by whoever knows the database. */
  readonly table: string;
  readonly row: string;
}

/** Some fields of one row: what is read, and what a guard compares. */
export interface RowFields {
  readonly address: RowAddress;
  readonly fields: readonly string[];
  /** What is read is of use without this row: a key that is no hash is no error, but the row's `problem`. */
  readonly isDispensable?: boolean;
}

export type FieldValues = Readonly<Record<string, string | undefined>>;

/** A row as it was read. Handed back with a write it is the guard: the write happens only if this still holds. */
export interface RowValues {
  readonly address: RowAddress;
  readonly values: FieldValues;
  /**
   * SHA-1 in hex of the bytes of each value that is not plain ASCII. A value that is not UTF-8 can't be compared as text:
   * a guard compares these instead.
   */
  readonly digests?: Readonly<Record<string, string>>;
  /** The key of a dispensable row is no hash: one line for people that names it. It has no values then, and is no guard. */
  readonly problem?: string;
}

export type RowWrite =
  | {
      readonly kind: 'set';
      readonly address: RowAddress;
      readonly values: Readonly<Record<string, string>>;
      /** The fields to delete. */
      readonly remove?: readonly string[];
      /** The row expires by itself after this. */
      readonly ttlMs?: number;
      /** This row is written only where its fields have these values in that step; the others are written all the same. */
      readonly onlyIf?: FieldValues;
      /** Where the server has no memory for values, these fields are deleted first, which it allows. Not empty. */
      readonly removeIfFull?: readonly string[];
      /** The other rows are of use without this one: where its key is no hash it is left out, and they are written. */
      readonly isDispensable?: boolean;
    }
  | { readonly kind: 'delete'; readonly address: RowAddress };

/** The row of CONFIG_DB, and that of STATE_DB. */
export const FEATURE_TABLE = 'FEATURE';
/** The row of STATE_DB. */
export const HEALTH_TABLE = 'CONTAINER_HEALTH';

/** A write beside others that matter more. */
export const asDispensable = (write: RowWrite): RowWrite =>
  write.kind === 'set' ? { ...write, isDispensable: true } : write;

/** A write that happens only if `guard` still holds. */
export interface GuardedWrite {
  readonly guard: RowValues;
  readonly write: RowWrite;
}

export const featureConfigRow = (feature: string): RowAddress => ({
  db: 'config',
  table: FEATURE_TABLE,
  row: feature,
});
export const featureStatusRow = (feature: string): RowAddress => ({
  db: 'state',
  table: FEATURE_TABLE,
  row: feature,
});
/** The shipped host side keeps instance N of a feature as `FEATURE|<f>N` in the host's STATE_DB (D28). */
export const hostStatusRow = (feature: string, asic: string): RowAddress => ({
  db: 'hostState',
  table: FEATURE_TABLE,
  row: `${feature}${asic}`,
});
export const healthRow = (feature: string): RowAddress => ({
  db: 'state',
  table: HEALTH_TABLE,
  row: feature,
});
export const HOLD_TABLE = 'CONTAINER_HOLD';
/** `CONTAINER_HOLD|<feature>|<docker_id>`. */
export const holdRow = (feature: string, dockerId: string, separator: string): RowAddress => ({
  db: 'state',
  table: HOLD_TABLE,
  row: `${feature}${separator}${dockerId}`,
});
