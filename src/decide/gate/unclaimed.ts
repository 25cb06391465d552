/**
 * What runs in a container that has no claim of its start: whether its application was let go by nobody, and whether its gate
 * is lost (contract.md, section 3). Whatever can't be told is no finding.
 */
import type { Owner } from '../../contract/feature/feature.ts';
import type { ProcessNode } from '../../contract/health/process-node.ts';
import { formatProcessKey, type ProcessState, type ProcessStatus } from '../../contract/health/process.ts';
import { formatProcessName } from '../health/process-text.ts';
import type { FailedStart } from '../health/start-check.ts';

export interface UnclaimedInput {
  readonly owner: Owner;
  /** Critical processes by supervisord's answer: they are the application. Undefined if it did not answer. */
  readonly critical: readonly ProcessStatus[] | undefined;
  /** The processes below supervisord, read after that answer; undefined if they could not be. */
  readonly tree: readonly ProcessNode[] | undefined;
  /** The gate that is closed now, by its notice; undefined if there is none. */
  readonly gatePid: number | undefined;
  /** The program that starts the feature has failed: it asks no gate any more. */
  readonly failedStart?: FailedStart | undefined;
  /** The claim is there: a caller that stands still may go on, whichever child of it has ended (a shell below `su`, say). */
  readonly isClaimed?: boolean;
}

/** One thing that should not be, and that counts once it was so for `patienceMs`. */
export interface Suspicion {
  /**
   * `unclaimed`: an application process runs. `gate-lost`: its caller stands still, and nobody will let it go on.
   * `start-failed`: what asks the gate has ended, and nothing runs.
   */
  readonly kind: 'unclaimed' | 'gate-lost' | 'start-failed';
  /** The same for as long as it is the same thing. */
  readonly key: string;
  /** Of the application process, whoever it is by now; empty for a caller. */
  readonly process: string;
  readonly patienceMs: number;
  /** The process it is about. */
  readonly pid: number;
  /** The application process, for people; of a start that failed, how it did. */
  readonly name: string;
  /** A gate of this container is closed. */
  readonly isGateClosed: boolean;
}

/** Two looks: the answer of one could be from before a claim that the other finds. */
const CONFIRM_MS = 1_000;
/** A shell may be on its way to the gate by a script that does not show it. */
const SHELL_MS = 60_000;
/** A script that names the gate has something to do before it asks. After a gate that was lost it is found all the same. */
const ASKER_MS = 300_000;

/** Whether the processes have to be read: not while a gate is closed, and no application process has been started. */
export const isTreeNeeded = ({
  critical = [],
  gatePid,
}: Pick<UnclaimedInput, 'critical' | 'gatePid'>): boolean =>
  gatePid === undefined || critical.some(({ statename }) => statename === 'RUNNING');

export function findSuspicions(input: UnclaimedInput): Suspicion[] {
  const { critical = [], tree } = input;
  if (tree === undefined) return [];
  const gates = tree.filter((node) => isGate(node, input.gatePid));
  // One that somebody runs by hand is not below supervisord.
  const isGateClosed = input.gatePid !== undefined || gates.length > 0;
  const lost = isGateClosed ? undefined : findLostCaller(tree, input.isClaimed);
  const failed = isGateClosed ? undefined : findFailedStart(input, tree);
  return [
    ...(lost === undefined ? [] : [makeLost(lost)]),
    ...(failed === undefined ? [] : [makeFailed(failed)]),
    ...critical.flatMap((process) => {
      // A script that names the gate asks for a feature and an owner of its own: the agent claims nothing before it.
      if (input.owner === 'local' && (isGateClosed || tree.some(isAsker))) return [];
      const patienceMs = findPatience(input.owner, process, { tree, gates });
      if (patienceMs === undefined) return [];
      const name = formatProcessName(process);
      // A script that names the gate has its time again whenever it is started.
      const instance = patienceMs === ASKER_MS ? process.pid : '';
      const key = `${formatProcessKey(process)}:${patienceMs}:${instance}`;
      const about = { process: formatProcessKey(process), pid: process.pid, name };
      return [{ kind: 'unclaimed' as const, key, patienceMs, ...about, isGateClosed }];
    }),
  ];
}

const isAsker = ({ role, hasEnded }: ProcessNode): boolean => role === 'asker' && !hasEnded;

const isGate = ({ pid, role, hasEnded }: ProcessNode, gatePid: number | undefined): boolean =>
  !hasEnded && (role === 'gate' || pid === gatePid);

/**
 * The drop-in stops its caller, and the gate lets it go on. A gate that was killed is fetched by nobody then. Not while a
 * gate lives: another child of the caller may have ended. Nor where another child has: somebody has stopped its parent. Nor
 * for a program: one that runs something on Node.js may be stopped by a debugger.
 */
const findLostCaller = (tree: readonly ProcessNode[], isClaimed = false): ProcessNode | undefined =>
  tree.find(
    ({ pid, isStopped, role }) =>
      isStopped &&
      (isClaimed || role === 'asker' || role === 'shell') &&
      tree.some((node) => node.parentPid === pid && node.hasEnded && (isClaimed || node.role === 'gate')),
  );

const makeLost = ({ pid }: ProcessNode): Suspicion => ({
  kind: 'gate-lost',
  key: `stopped:${pid}`,
  process: '',
  patienceMs: CONFIRM_MS,
  pid,
  name: '',
  isGateClosed: false,
});

/** Only where nothing of the application was started, and nothing else will ask. */
const findFailedStart = (
  { critical = [], failedStart }: UnclaimedInput,
  tree: readonly ProcessNode[],
): FailedStart | undefined =>
  critical.every(({ statename }) => statename === 'STOPPED') && !tree.some(isAsker) ? failedStart : undefined;

const makeFailed = ({ process, message }: FailedStart): Suspicion => ({
  kind: 'start-failed',
  key: `start-failed:${formatProcessKey(process)}`,
  process: '',
  patienceMs: CONFIRM_MS,
  pid: process.pid,
  name: message,
  isGateClosed: false,
});

/** How long this process may be as it is; undefined for one that is not the application, or does not run. */
function findPatience(
  owner: Owner,
  { pid, statename }: ProcessStatus,
  { tree, gates }: { readonly tree: readonly ProcessNode[]; readonly gates: readonly ProcessNode[] },
): number | undefined {
  // Nothing asked the gate for what has ended already: what follows its end is decided by the claim's policy.
  if (owner === 'local' && HAS_RUN.has(statename)) return CONFIRM_MS;
  const node = tree.find((other) => other.pid === pid);
  if (statename !== 'RUNNING' || node === undefined || node.hasEnded || node.isStopped) return undefined;
  if (gates.some((gate) => isAtOrAbove(pid, gate, tree))) return undefined;
  switch (node.role) {
    case 'program':
      return CONFIRM_MS;
    case 'shell':
      return SHELL_MS;
    case 'asker':
      return ASKER_MS;
    case 'gate':
    case 'unknown':
      return undefined;
  }
}

const HAS_RUN: ReadonlySet<ProcessState> = new Set(['EXITED', 'FATAL']);

function isAtOrAbove(pid: number, below: ProcessNode, tree: readonly ProcessNode[]): boolean {
  let node: ProcessNode | undefined = below;
  // A reading of /proc is no snapshot: a chain of parents has no more links than there are processes.
  for (let links = 0; node !== undefined && links <= tree.length; links += 1) {
    if (node.pid === pid) return true;
    const { parentPid }: ProcessNode = node;
    node = tree.find((other) => other.pid === parentPid);
  }
  return false;
}

/**
 * The application processes of which this look tells nothing, as they don't run at this moment. One that is started again and
 * again runs at some looks only; it stays suspected meanwhile.
 */
export const listAway = ({ critical = [], tree }: Pick<UnclaimedInput, 'critical' | 'tree'>): string[] =>
  tree === undefined
    ? []
    : critical
        .filter(({ statename, pid }) => statename !== 'RUNNING' || !tree.some((node) => isThere(node, pid)))
        .map((process) => formatProcessKey(process));

/** supervisord may not know yet that it has ended, and one that is being started shows no command. */
const isThere = ({ pid, hasEnded, role }: ProcessNode, wanted: number): boolean =>
  pid === wanted && !hasEnded && role !== 'unknown';

interface Sighting {
  /** Boot clock: since when it is suspected, and when it was seen last. */
  readonly sinceMs: number;
  readonly seenMs: number;
  readonly process: string;
}

/** By key of a suspicion. */
export type Suspects = ReadonlyMap<string, Sighting>;

/** What was not seen again for so long counts anew. */
const FORGET_MS = 60_000;

/** Returns what is suspected from now on, and which of it is confirmed. `away` is that of `listAway`. */
export function confirmSuspicions(
  before: Suspects,
  look: { readonly suspicions: readonly Suspicion[]; readonly away?: readonly string[] },
  nowMs: number,
): { readonly suspects: Suspects; readonly confirmed: readonly Suspicion[] } {
  const { suspicions, away = [] } = look;
  const kept = [...before].filter(
    ([, { process, seenMs }]) => away.includes(process) && nowMs < seenMs + FORGET_MS,
  );
  const seen = suspicions.map(({ key, process }): [string, Sighting] => [
    key,
    { sinceMs: before.get(key)?.sinceMs ?? nowMs, seenMs: nowMs, process },
  ]);
  const suspects = new Map([...kept, ...seen]);
  const confirmed = suspicions.filter(
    ({ key, patienceMs }) => nowMs >= (suspects.get(key)?.sinceMs ?? nowMs) + patienceMs,
  );
  return { suspects, confirmed };
}
