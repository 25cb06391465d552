import type { DatabaseLocation } from '../../contract/databases.ts';
import type { RedisConnections } from './connections.ts';
import { decodeList, decodeScan } from './decode-reply.ts';

/** Keys that one call looks at: a millisecond of the server's time. */
const KEYS_PER_CALL = 1_000;
/** So many calls are ten million keys: a cursor that has no end by then has none. */
const MAX_CALLS = 10_000;

/** What to list: the rows of `table` whose names begin with `prefix`. */
export interface RowRange {
  readonly table: string;
  readonly prefix: string;
}

/**
 * Lists the names of rows, each once, in no order. Page by page from here: while a script lists, or KEYS, the server answers
 * nobody else. Each page has the time limit of a call. A key of another type than a hash is no row.
 * Throws CtrkitError('database').
 */
export async function listRows(
  connections: RedisConnections,
  { endpoint, id, separator }: DatabaseLocation,
  { table, prefix }: RowRange,
): Promise<string[]> {
  const start = `${table}${separator}`;
  const pattern = `${escapePattern(`${start}${prefix}`)}*`;
  const found = new Set<string>();
  let cursor = '0';
  for (let calls = 0; calls === 0 || cursor !== '0'; calls += 1) {
    const page = await connections.runInDatabase(endpoint, id, async (run) => {
      if (calls >= MAX_CALLS) throw new Error(`no end of its keys after ${MAX_CALLS} calls of SCAN`);
      const [reply] = await run([['scan', cursor, 'MATCH', pattern, 'COUNT', KEYS_PER_CALL]]);
      const { cursor: next, keys } = decodeScan(reply);
      const types = decodeList(await run(keys.map((key) => ['type', key])), keys.length);
      return { next, rows: keys.filter((_key, i) => types[i] === 'hash') };
    });
    for (const key of page.rows) found.add(key.slice(start.length));
    cursor = page.next;
  }
  return [...found];
}

const escapePattern = (text: string): string => text.replaceAll(/[*?[\]\\^-]/g, String.raw`\$&`);
