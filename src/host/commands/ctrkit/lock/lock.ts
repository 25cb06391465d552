import { toSeconds } from '../../../../contract/timestamps.ts';
import { removeLockCommand } from '../../../../text/operator-commands.ts';
import { encodeAsciiJson } from '../../../../text/printable.ts';
import { readTimestamps } from '../../../../loop/timestamps.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import type { FeatureLock } from '../../../../contract/feature/lock.ts';
import { describeDuration } from '../../../../text/duration-text.ts';
import { decideLock } from '../../../../decide/feature/decide-lock.ts';
import { findFeature, findNearest } from '../reading/find-feature.ts';
import { describeTime } from '../terminal/local-time.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { tryReading } from '../reading/reading.ts';
import { withDatabases } from '../reading/with-databases.ts';
import { formatTable } from '../terminal/table.ts';

type LockPorts = Pick<CtrkitPorts, 'locks' | 'clock' | 'terminal' | 'openDatabases' | 'user'>;

export interface AddLockOptions {
  readonly feature: string;
  readonly reason: string;
  /** Empty for the user. */
  readonly owner: string;
  /** 0 for until it is removed. */
  readonly forMs: number;
  readonly replace: boolean;
  readonly redisUrl: string;
}

/** Works while the database is away. Returns the exit code. Throws CtrkitError('disk'). */
export async function addLock(options: AddLockOptions, ports: LockPorts): Promise<number> {
  const { feature, reason, forMs, replace } = options;
  const { locks, clock, terminal } = ports;
  const unknown = await findUnknown(options, ports);
  if (unknown !== undefined) {
    terminal.report(unknown);
    return EXIT.refused;
  }
  const now = readTimestamps(clock);
  const active = locks
    .list()
    .locks.filter((lock) => lock.feature === feature)
    .map((lock) => decideLock(lock, now))
    .find((verdict) => verdict.kind === 'active');
  if (active?.kind === 'active' && !replace) {
    terminal.report(
      `${feature} is ${active.text}. To lift it: ${removeLockCommand(feature)}; to set yours instead: --replace`,
    );
    return EXIT.refused;
  }
  const owner = options.owner || ports.user;
  const sinceTs = toSeconds(now.wallMs);
  const { bootId, bootMs } = now;
  const lock: FeatureLock = { feature, owner, reason, sinceTs, forMs, bootId, bootMs };
  locks.add(lock);
  const verdict = decideLock(lock, now);
  if (verdict.kind === 'active')
    terminal.report(`${feature} is now ${verdict.text}: no switching, no fallback, no clean-up`);
  return EXIT.ok;
}

/** One line why there is no such feature; undefined if there is, or if nobody can tell. */
async function findUnknown(
  { feature, redisUrl }: AddLockOptions,
  ports: LockPorts,
): Promise<string | undefined> {
  const features = await tryReading(() =>
    withDatabases(ports, redisUrl, ({ tables }) => tables.listFeatures()),
  );
  if ('problem' in features) {
    ports.terminal.report(
      `${features.problem}: whether there is a feature ${feature} could not be looked up`,
    );
    return undefined;
  }
  const found = findFeature(feature, features.found);
  return found.kind === 'unknown' ? found.text : undefined;
}

/** Returns the exit code. Throws CtrkitError('disk'). */
export function removeLock(feature: string, { locks, terminal }: LockPorts): number {
  if (locks.remove(feature)) {
    terminal.report(`${feature} is no longer locked`);
    return EXIT.ok;
  }
  const nearest = findNearest(
    feature,
    locks.list().locks.map((lock) => lock.feature),
  );
  const hint = nearest === undefined ? 'ctrkit lock list shows all locks' : `do you mean ${nearest}?`;
  terminal.report(`${feature} has no lock: ${hint}`);
  return EXIT.refused;
}

/**
 * Prints all locks. What `--json` prints is stable: `remaining_ms` is null of a lock without end and 0 of a lock that is
 * over, `since_ts` is in seconds since the epoch. Returns the exit code. Throws CtrkitError('disk').
 */
export function printLocks(json: boolean, { locks, clock, terminal }: LockPorts): number {
  const now = readTimestamps(clock);
  const found = locks.list();
  const entries = found.locks.map((lock) => {
    const verdict = decideLock(lock, now);
    return {
      feature: lock.feature,
      owner: lock.owner,
      reason: lock.reason,
      since_ts: lock.sinceTs,
      is_held: verdict.kind === 'active',
      remaining_ms: verdict.kind === 'expired' ? 0 : (verdict.remainingMs ?? null),
      text: verdict.kind === 'expired' ? 'over' : verdict.text,
    };
  });
  if (json) terminal.write(`${encodeAsciiJson({ locks: entries, problems: found.problems })}\n`);
  else if (entries.length === 0) terminal.report('nothing is locked');
  else {
    const rows = entries.map(({ feature, owner, reason, since_ts, remaining_ms }) => [
      { text: feature },
      { text: owner },
      { text: describeTime(since_ts) },
      { text: describeRemaining(remaining_ms) },
      { text: reason },
    ]);
    terminal.write(formatTable(['Feature', 'Owner', 'Since', 'Remaining', 'Reason'], rows, terminal.paint));
  }
  if (!json) for (const problem of found.problems) terminal.report(problem);
  return EXIT.ok;
}

const describeRemaining = (remainingMs: number | null): string =>
  remainingMs === null ? 'until removed' : remainingMs === 0 ? 'over' : describeDuration(remainingMs);
