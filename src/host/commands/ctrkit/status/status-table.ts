import { describeDuration } from '../../../../text/duration-text.ts';
import type { Colour, Terminal } from '../../../../ports/terminal.ts';
import type { StatusEntry } from './status-entry.ts';
import { formatTable, type Cell } from '../terminal/table.ts';

const HEADERS = [
  'Feature',
  'State',
  'AutoRestart',
  'SystemState',
  'UpdateTime',
  'ContainerId',
  'Version',
  'SetOwner',
  'CurrentOwner',
  'RemoteState',
  'Health',
  'Golden',
];

/** The columns of SONiC's own (HLD, "show feature status"), and three of the kit's. */
export const formatStatus = (
  entries: readonly StatusEntry[],
  nowMs: number,
  paint: Terminal['paint'],
): string =>
  formatTable(
    HEADERS,
    entries.map((entry) => [
      { text: entry.feature },
      { text: entry.state },
      { text: entry.auto_restart },
      { text: entry.system_state },
      { text: entry.update_time },
      { text: entry.container_id },
      { text: entry.version },
      { text: entry.set_owner },
      { text: entry.current_owner },
      { text: entry.remote_state },
      healthCell(entry),
      goldenCell(entry, nowMs),
    ]),
    paint,
  );

const COLOURS: Readonly<Record<string, Colour>> = {
  healthy: 'green',
  starting: 'yellow',
  degraded: 'yellow',
  stopping: 'yellow',
  unhealthy: 'red',
};

function healthCell({ health, fallback }: StatusEntry): Cell {
  if (health?.is_overdue === true) return { text: 'overdue', colour: 'red' };
  if (fallback?.kind === 'unknown')
    return { text: `${health?.status ?? ''} (can't be judged)`.trim(), colour: 'yellow' };
  if (health === null) return { text: '' };
  const colour = Object.hasOwn(COLOURS, health.status) ? COLOURS[health.status] : undefined;
  return { text: health.status, ...(colour === undefined ? {} : { colour }) };
}

/** What is missing comes after the golden version: another rung may stand in. */
function goldenCell(entry: StatusEntry, nowMs: number): Cell {
  const golden = describeGolden(entry, nowMs);
  const missing = (entry.missing_rungs ?? []).map(({ name, version }) => `${name} ${version} missing`);
  if (missing.length === 0) return { text: golden };
  return { text: `${golden}, ${missing.join(', ')}`, colour: 'red' };
}

/** The golden version, and when the running one replaces it. */
function describeGolden({ golden, certification }: StatusEntry, nowMs: number): string {
  const version = golden === null ? 'none' : golden.version;
  if (golden?.is_running === true) return `${version} (runs)`;
  const goldenAtMs = certification?.golden_at_ms ?? null;
  if (goldenAtMs === null) return version;
  return `${version} (new in ${describeDuration(goldenAtMs - nowMs)})`;
}
