/** Where a row is in Redis: the server, the number of the database, and the key. Pure. */
import {
  addressOf,
  type DatabaseLocation,
  type DatabaseName,
  type Databases,
  type Endpoint,
} from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { RowAddress } from '../../contract/rows.ts';

/** Throws CtrkitError('defect') for a database that this switch does not have. */
export function findLocation(databases: Databases, name: DatabaseName): DatabaseLocation {
  const location = databases[name];
  if (location === undefined) throw new CtrkitError('defect', `no ${name} database on a single-ASIC switch`);
  return location;
}

/** The form that the scripts take: the number of the database and the key. */
export function locateRow(
  databases: Databases,
  { db, table, row }: RowAddress,
): { readonly db: number; readonly key: string } {
  const { id, separator } = findLocation(databases, db);
  return { db: id, key: `${table}${separator}${row}` };
}

/** What is on one Redis server. */
export interface ServerGroup<T> {
  readonly endpoint: Endpoint;
  readonly items: readonly T[];
}

/** Groups items by server, in the order in which the servers occur. `databaseOf` tells the database of an item. */
export function groupByServer<T>(
  databases: Databases,
  items: readonly T[],
  databaseOf: (item: T) => DatabaseName,
): ServerGroup<T>[] {
  const groups = new Map<string, { readonly endpoint: Endpoint; readonly items: T[] }>();
  for (const item of items) {
    const { endpoint } = findLocation(databases, databaseOf(item));
    const server = addressOf(endpoint);
    const group = groups.get(server);
    if (group === undefined) groups.set(server, { endpoint, items: [item] });
    else group.items.push(item);
  }
  return [...groups.values()];
}

/** The rows on this server, and those on others. */
export function splitByServer<T extends { readonly address: RowAddress }>(
  databases: Databases,
  items: readonly T[],
  endpoint: Endpoint,
): [T[], T[]] {
  const server = addressOf(endpoint);
  const isHere = ({ address }: T): boolean =>
    addressOf(findLocation(databases, address.db).endpoint) === server;
  return [items.filter(isHere), items.filter((item) => !isHere(item))];
}
