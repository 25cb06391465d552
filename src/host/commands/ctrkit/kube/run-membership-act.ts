import { CtrkitError } from '../../../../contract/errors.ts';
import { EXIT } from '../../../../contract/exit-codes.ts';
import { listEveryFeature } from '../../../membership/list-features.ts';
import type { MembershipPorts, MembershipSide } from '../../../membership/membership-ports.ts';
import type { CtrkitPorts, SwitchDatabases } from '../reading/ports.ts';

export interface MembershipAct {
  readonly ports: CtrkitPorts;
  readonly redisUrl: string;
  /** What state an interrupt left the switch in, for people. */
  readonly describeInterrupt: (membership: MembershipPorts) => string;
  /** Returns the exit code. */
  readonly run: (membership: MembershipPorts) => Promise<number>;
}

const LOCKED =
  'ctrkitd, or another ctrkit kube, or a tool that one of them has begun, joins or leaves at this moment: try again when it is done';

/**
 * Runs an act as the only one on this host that joins or leaves. A signal ends the act; then the exit code is the signal's.
 * Returns the exit code. Throws CtrkitError('database' | 'cluster' | 'disk' | 'usage').
 */
export async function runMembershipAct(act: MembershipAct): Promise<number> {
  const { ports } = act;
  const { report } = ports.terminal;
  const stop = new AbortController();
  let interruptCode: number | undefined;
  const release = ports.catchSignals((exitCode) => {
    interruptCode ??= exitCode;
    stop.abort();
  });
  let membership: MembershipPorts | undefined;
  try {
    const side = await ports.openMembership(stop.signal, 'act');
    return await withLock(side, ports, () =>
      withDatabases(act, (databases) => {
        membership = buildMembershipPorts(side, databases, ports, stop.signal);
        return act.run(membership);
      }),
    );
  } catch (error) {
    if (interruptCode === undefined || !(error instanceof CtrkitError)) throw error;
    report(
      `interrupted. ${membership === undefined ? 'Nothing was done' : act.describeInterrupt(membership)}`,
    );
    return interruptCode;
  } finally {
    release();
  }
}

/** Refuses where another process has the lock. */
async function withLock(
  { acquireLock }: MembershipSide,
  { terminal }: CtrkitPorts,
  work: () => Promise<number>,
): Promise<number> {
  const releaseLock = await acquireLock();
  if (releaseLock === undefined) {
    terminal.report(LOCKED);
    return EXIT.refused;
  }
  try {
    return await work();
  } finally {
    releaseLock();
  }
}

async function withDatabases(
  { ports, redisUrl }: MembershipAct,
  work: (databases: SwitchDatabases) => Promise<number>,
): Promise<number> {
  const databases = ports.openDatabases(redisUrl);
  try {
    return await work(databases);
  } finally {
    databases.close();
  }
}

const buildMembershipPorts = (
  { tools, files, adminConfigs, service }: MembershipSide,
  { store, tables }: SwitchDatabases,
  { clock, locks, terminal }: CtrkitPorts,
  signal: AbortSignal,
): MembershipPorts => ({
  tools,
  files,
  adminConfigs,
  service,
  store,
  listFeatures: () => listEveryFeature(tables),
  clock,
  locks,
  report: terminal.report,
  warn: terminal.report,
  signal,
});
