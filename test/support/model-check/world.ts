/** One state of the walk. Times are on the boot clock, in whole intervals of heartbeats. */
import type { RowValues } from '../../../src/contract/rows.ts';
import type { StoredClaim } from '../../../src/contract/gate/claim-file.ts';
import { beginObservation, type StoreObservation } from '../../../src/decide/gate/observation.ts';
import type { Progress, StartupDecision } from '../../../src/decide/gate/startup-types.ts';
import { FIRST_ROWS, FEATURE, type ModelRows } from './model-rows.ts';

/** Time passes in steps of one interval. */
export const TICK_MS = 10_000;
export const LEASE_TICKS = 3;
/** A sign of life may be one interval old when its process is frozen: so long a frost is a whole lease. */
const WHOLE_LEASE_TICKS = LEASE_TICKS - 1;

/**
 * In intervals: whose process was frozen for so long may be taken for dead. Where it could not renew before that either, one
 * interval is enough: a gate that begins after an outage has not seen it.
 */
export const findExcusedTicks = ({ outages }: Pick<ModelOptions, 'outages'>): number =>
  outages > 0 ? 1 : WHOLE_LEASE_TICKS;

export interface Planned {
  readonly rows: readonly RowValues[];
  readonly decision: StartupDecision;
}

export interface Running {
  readonly kind: 'running';
  /** A heartbeat has to be tried before the next interval begins. */
  readonly isDue: boolean;
  /** The rows on which the agent has decided to record its claim again. */
  readonly recover: readonly RowValues[] | undefined;
  /** It has learnt that another container holds the feature. */
  readonly isSuperseded: boolean;
  /** In intervals: since it has tried to beat. */
  readonly silentTicks: number;
  /** It has not tried for a whole lease, as it was frozen, and has not beaten since. */
  readonly wasFrozen: boolean;
  /** When it has claimed. */
  readonly startedMs: number;
  readonly observation: StoreObservation;
}

export interface Gate {
  readonly kind: 'gate';
  readonly progress: Progress;
  readonly planned: Planned | undefined;
  /** Only of prompt gates: it has to look before the next interval begins. */
  readonly isDue: boolean;
  readonly observation: StoreObservation;
}

export type Phase = Gate | Running;

export interface ModelContainer {
  readonly version: string;
  readonly id: string;
  readonly token: string;
  readonly phase: Phase;
  readonly isFrozen: boolean;
  readonly frozenTicks: number;
  /** It was frozen for a lease, and has not beaten since: its application may run beside another one's. */
  readonly isExcused: boolean;
}

type Outage = 'none' | 'writes' | 'all';

export interface World {
  readonly nowMs: number;
  readonly rows: ModelRows;
  readonly containers: readonly ModelContainer[];
  /** The shipped host has read `pending`, and is about to write `ready`. */
  readonly isHostAnswering: boolean;
  readonly outage: Outage;
  /** Another number for each start of the server. */
  readonly server: number;
  readonly serverStartedMs: number;
  readonly outages: number;
  /** A container of the shipped kit runs. */
  readonly isForeignRunning: boolean;
  readonly foreignClaims: number;
  /** Which law the last step has broken. */
  readonly violation: string | undefined;
}

export interface ModelOptions {
  readonly versions: readonly string[];
  /** A container keeps its id when it is started again, as by `docker restart`; otherwise the next one has another id. */
  readonly keepsId: boolean;
  /** So many outages at the most, one after the other. */
  readonly outages: number;
  /** So many times at the most a container of the shipped kit claims, and is cleared at any time. */
  readonly foreignClaims: number;
  /** Gates look, and write what they have decided, once in every interval; otherwise whenever they like. */
  readonly hasPromptGates: boolean;
  /** The processes of a container that runs may be frozen, for as long as it likes. */
  readonly hasFrosts: boolean;
  /** A gate writes at once what it has decided: its guard is all that it has read, and nothing comes in between. */
  readonly hasAtomicGates: boolean;
  /** Answers to a write may be lost. */
  readonly losesAnswers: boolean;
}

export const FOREIGN_ID = 'f9.0';

/** A container that is not there does nothing, as a gate that has not begun: they are one state. */
const NEW: Gate = {
  kind: 'gate',
  progress: { kind: 'new' },
  planned: undefined,
  isDue: false,
  observation: beginObservation(TICK_MS),
};

export function createWorld({ versions }: ModelOptions): World {
  return {
    nowMs: 100 * TICK_MS,
    rows: FIRST_ROWS,
    containers: versions.map((version, i) => ({
      version,
      id: `c${i}.0`,
      token: `t${i}.0`,
      phase: NEW,
      isFrozen: false,
      frozenTicks: 0,
      isExcused: false,
    })),
    isHostAnswering: false,
    outage: 'none',
    server: 1,
    serverStartedMs: 0,
    outages: 0,
    isForeignRunning: false,
    foreignClaims: 0,
    violation: undefined,
  };
}

export const claimOf = ({ version, id, token, phase }: ModelContainer): StoredClaim => ({
  feature: FEATURE,
  owner: 'kube',
  version,
  dockerId: id,
  token,
  startedMs: phase.kind === 'running' ? phase.startedMs : 0,
  isRecorded: true,
  hasStarted: true,
  containerStart: '',
  redisUrl: '',
  isMirrored: false,
  isOutside: false,
  isReplaced: false,
  isReleased: false,
});

/** Milliseconds on the boot clock, and a wall clock that nothing rests on. */
export const timestampsOf = ({ nowMs }: World) => ({ bootId: 'boot-1', bootMs: nowMs, wallMs: 0 });

export const replaceContainer = (
  world: World,
  i: number,
  changes: Partial<ModelContainer>,
): readonly ModelContainer[] => world.containers.map((one, k) => (k === i ? { ...one, ...changes } : one));

/** `t0.3` becomes `t0.4`. */
const next = (name: string): string => {
  const [head, count] = name.split('.');
  return `${head}.${Number(count) + 1}`;
};

export const startAnew = (one: ModelContainer, keepsId: boolean): Partial<ModelContainer> => ({
  id: keepsId ? one.id : next(one.id),
  token: next(one.token),
  phase: NEW,
  isFrozen: false,
  frozenTicks: 0,
  isExcused: false,
});

/** What a look at the server shows of it. */
export const describeServer = ({ nowMs, server, serverStartedMs }: World) => ({
  serverId: `server-${server}`,
  uptimeMs: nowMs - serverStartedMs,
  nowMs,
});

/** What is due has to be tried: an application has just been let go. */
export const beginRunning = ({ nowMs }: World): Running => ({
  kind: 'running',
  isDue: true,
  recover: undefined,
  isSuperseded: false,
  silentTicks: 0,
  wasFrozen: false,
  startedMs: nowMs,
  observation: beginObservation(TICK_MS),
});
