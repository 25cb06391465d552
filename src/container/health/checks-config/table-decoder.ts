import * as v from 'valibot';
import { showText, type ConfigErrors, type ConfigPath } from './config-errors.ts';
import type { TableSchema } from './schemas.ts';

export type Table = Readonly<Record<string, unknown>>;

/** Undefined, and an error, unless `value` is a table. */
export function asTable(value: unknown, path: ConfigPath, errors: ConfigErrors): Table | undefined {
  // smol-toml makes tables without a prototype: dates and arrays have one.
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null)
    return value as Table;
  errors.add(path, 'write a table, as in { periodSeconds = 30 }');
  return undefined;
}

/** The values of a table with known keys; undefined, and every error, if it is not as the schema has it. */
export function decodeTable<Schema extends TableSchema>(
  schema: Schema,
  table: Table,
  at: { readonly path: ConfigPath; readonly errors: ConfigErrors },
): v.InferOutput<Schema> | undefined {
  const { path, errors } = at;
  // valibot stops at the first key it does not know, and passes over some, like "constructor".
  const strangers = Object.keys(table).filter((key) => !Object.hasOwn(schema.entries, key));
  for (const key of strangers)
    errors.add([...path, key], `no such key here: the keys are ${Object.keys(schema.entries).join(', ')}`);
  const { success, output, issues } = v.safeParse(schema, table, { abortPipeEarly: true });
  for (const issue of issues ?? []) {
    const keys = issue.path?.map(({ key }) => String(key)) ?? [];
    const isMissing = issue.received === 'undefined';
    const found = isMissing ? '' : `, not ${showText(issue.received)}`;
    errors.add([...path, ...keys], `${issue.message}${found}`);
  }
  return success && strangers.length === 0 ? output : undefined;
}
