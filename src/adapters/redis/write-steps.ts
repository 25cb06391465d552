/** In which order a write visits the Redis servers of a switch, and which guards go along. Pure. */
import { addressOf, type Databases, type Endpoint } from '../../contract/databases.ts';
import type { RowValues, RowWrite } from '../../contract/rows.ts';
import { groupByServer, type ServerGroup } from './row-locations.ts';

/** One step on one server: it writes all of `writes` if all of `guards` hold. */
export interface WriteStep {
  readonly endpoint: Endpoint;
  readonly guards: readonly RowValues[];
  readonly writes: readonly RowWrite[];
}

/**
 * The steps of RowStore.write. Guards are compared in the step that writes on their server where that is the first of the
 * steps that write, or the one on STATE_DB's server; there the decision is made. All other guards are compared before.
 */
export function planSteps(
  databases: Databases,
  guards: readonly RowValues[],
  writes: readonly RowWrite[],
): WriteStep[] {
  const state = addressOf(databases.state.endpoint);
  const guardGroups = groupByServer(databases, guards, ({ address }) => address.db);
  const writing = groupByServer(databases, writes, ({ address }) => address.db);
  const first = writing.slice(0, 1).map(serverOf);
  const guardsOf = (server: string) => guardGroups.find((group) => serverOf(group) === server)?.items ?? [];
  return [
    ...guardGroups
      .filter((group) => !first.includes(serverOf(group)))
      .map(({ endpoint, items }) => ({ endpoint, guards: items, writes: [] })),
    ...writing.map((group) => ({
      endpoint: group.endpoint,
      guards: [...first, state].includes(serverOf(group)) ? guardsOf(serverOf(group)) : [],
      writes: group.items,
    })),
  ];
}

const serverOf = ({ endpoint }: ServerGroup<unknown>): string => addressOf(endpoint);
