/**
 * The text of a state without what nothing rests on: times are ages, those beyond every limit are one, and tokens and ids of
 * containers that are gone are named in the order in which they appear.
 */
import type { RowValues } from '../../../src/contract/rows.ts';
import type { StoreObservation } from '../../../src/decide/gate/observation.ts';
import type { Progress } from '../../../src/decide/gate/startup-types.ts';
import { nameOfRow, readStartupRows, type ModelRows } from './model-rows.ts';
import {
  LEASE_TICKS,
  TICK_MS,
  type Gate,
  type ModelContainer,
  type Phase,
  type Planned,
  type World,
} from './world.ts';

/** When who beats has claimed. */
const TOLD_BY_TOKEN = 'started_ms';

/** In intervals: what is older is overdue, and no decision asks how much. */
const OLDEST = 3;
/** In intervals: who was asked to wait for a container that never claims waits so long. */
export const PATIENCE = 18;
/** In intervals: and so long where the host's answer is there. */
const ANSWERED_PATIENCE = 1;

const NAME = /[tcf]\d\.\d+/g;
/** The last sign of life is told apart from them. */
const TIME_FIELDS = new Set(['claim_ms', 'beat_ms']);

export interface Encoding {
  /** How long a superseded gate has waited, to the interval: where time is all that passes, its end has to come. */
  readonly isPatienceExact: boolean;
}

export function encodeWorld(world: World, encoding: Encoding = { isPatienceExact: false }): string {
  const head = `${encodeRows(world)}|${encodeSurroundings(world)}`;
  const containers = world.containers.map((one) => encodeContainer(one, world, encoding));
  return listOrders(world)
    .map((order) => {
      const ordered = order.map((i) => containers[i]).join('|');
      return encodeNames(world, order, `${head}|${ordered}|${encodeClaimOrder(world, order)}`);
    })
    .reduce((least, text) => (text < least ? text : least));
}

/** Containers of one version are alike: their order makes no difference. */
function listOrders({ containers }: World): readonly (readonly number[])[] {
  const key = containers.map(({ version }) => version).join('|');
  const known = orders.get(key);
  if (known !== undefined) return known;
  const isAlike = (order: readonly number[]): boolean =>
    order.every((from, to) => containers[from]?.version === containers[to]?.version);
  const found = permute([...containers.keys()]).filter(isAlike);
  orders.set(key, found);
  return found;
}

const orders = new Map<string, readonly (readonly number[])[]>();

const permute = (all: readonly number[]): readonly (readonly number[])[] =>
  all.length === 0
    ? [[]]
    : all.flatMap((one) => permute(all.filter((other) => other !== one)).map((rest) => [one, ...rest]));

/** Boot clock: when a gate has begun to wait; undefined where it has not. */
const findBegin = ({ progress, planned }: Gate): number | undefined => {
  const { kind, ...latest } = planned?.decision.progress ?? progress;
  return kind === 'new' ? undefined : (latest as { readonly beganMs: number }).beganMs;
};

/** Who has claimed before a gate began to wait; and whether what is on record is from before the claim of one that runs. */
function encodeClaimOrder({ containers, rows: { status, health } }: World, order: readonly number[]): string {
  const token = status['claim_token'] ?? '';
  const isBeating = token !== '' && health['token'] === token;
  const signMs = Math.max(Number(status['claim_ms']), isBeating ? Number(health['beat_ms']) : 0);
  const recordedMs = Number(isBeating ? health['started_ms'] : status['claim_ms']);
  return order
    .map((i) => {
      const one = containers[i];
      if (one === undefined) return '';
      if (one.phase.kind === 'running')
        return token === '' || token === one.token ? '' : signMs < one.phase.startedMs ? 'b' : 'a';
      const beganMs = findBegin(one.phase);
      if (beganMs === undefined) return '';
      const bits = order.map((k) => {
        const phase = containers[k]?.phase;
        return phase?.kind === 'running' ? (phase.startedMs < beganMs ? 'b' : 'a') : '';
      });
      return `${bits.join('')}${token !== '' && recordedMs < beganMs ? 'B' : ''}`;
    })
    .join(',');
}

const encodeSurroundings = (world: World): string =>
  `${world.isHostAnswering ? 'h' : ''}${world.outage}${world.outages},${ageOf(world.serverStartedMs, world.nowMs, OLDEST)}${world.isForeignRunning ? 'f' : ''}${world.foreignClaims}`;

function encodeNames({ containers }: World, order: readonly number[], text: string): string {
  const names = new Map<string, string>();
  order.forEach((from, i) =>
    names.set(containers[from]?.id ?? '', `C${i}`).set(containers[from]?.token ?? '', `T${i}`),
  );
  return text.replaceAll(NAME, (name) => {
    const known = names.get(name) ?? `${name[0]}_${names.size}`;
    names.set(name, known);
    return known;
  });
}

const ageOf = (ms: number, nowMs: number, most: number): number =>
  Math.min(Math.ceil((nowMs - ms) / TICK_MS), most);

/** A heartbeat with another token than the claim's counts for nothing; of two signs of life the later one counts. */
function encodeRows({ rows, nowMs }: World): string {
  const known = texts.get(rows);
  if (known?.nowMs === nowMs) return known.text;
  const text = describeRows(rows, nowMs);
  texts.set(rows, { nowMs, text });
  return text;
}

const texts = new WeakMap<ModelRows, { readonly nowMs: number; readonly text: string }>();

function describeRows({ status, health }: ModelRows, nowMs: number): string {
  const fields = Object.keys(status)
    .filter((field) => !TIME_FIELDS.has(field))
    .toSorted()
    .map((field) => `${field}=${status[field]}`);
  const token = status['claim_token'] ?? '';
  if (token === '') return fields.join(',');
  const claimMs = Number(status['claim_ms']);
  const isBeating = health['token'] === token;
  const lastMs = isBeating ? Math.max(claimMs, Number(health['beat_ms'])) : claimMs;
  const beat = isBeating ? `${health['owner']},${health['version']}` : '';
  return [...fields, ageOf(lastMs, nowMs, OLDEST), beat].join(',');
}

function encodeContainer(
  { phase, isFrozen, frozenTicks, isExcused }: ModelContainer,
  world: World,
  encoding: Encoding,
): string {
  const frost = `${isFrozen ? 'F' : ''}${Math.min(frozenTicks, LEASE_TICKS)}`;
  return `${phase.kind}${frost}${isExcused ? 'X' : ''};${encodePhase(phase, world, encoding)}`;
}

function encodePhase(phase: Phase, world: World, encoding: Encoding): string {
  if (phase.kind === 'running')
    return `${encodeObservation(phase.observation, world)}>${phase.isDue}${phase.isSuperseded}${phase.wasFrozen ? 'W' : ''}${Math.min(phase.silentTicks, LEASE_TICKS)}${phase.recover === undefined ? '' : `R${encodeGuards(phase.recover, world.rows)}`}`;
  const { progress, planned, observation } = phase;
  return `${phase.isDue}>${encodeObservation(observation, world)}>${encodeProgress(progress, world, encoding)}>${encodePlanned(planned, world, encoding)}`;
}

/** No owner at all is confirmed after a little more than one. */
const CONFIRMATION_TICKS = 2;

/**
 * What a later look can still depend on. One that comes too late begins anew, whatever was before; a grace that is over is as
 * good as none; without an outage the grace is one interval, and a little more where no owner is on record.
 */
function encodeObservation(observation: StoreObservation, { nowMs, server, rows }: World): string {
  const { goodSinceMs, lookByMs, hadOutage, hasServerChanged, serverId, holder } = observation;
  if (goodSinceMs === undefined && !hadOutage) return 'none';
  const isSame = serverId === `server-${server}`;
  if (goodSinceMs === undefined) return `away,${hasServerChanged},${isSame}`;
  const age = ageOf(goodSinceMs, nowMs, OLDEST);
  const isChanged = hasServerChanged && age < OLDEST;
  if (lookByMs !== undefined && nowMs > lookByMs) return `late,${isChanged},${isSame}`;
  const look = lookByMs === undefined ? '' : `${nowMs < lookByMs}${holder === '' ? 'L' : ''}`;
  const isGraced = (hadOutage || isChanged) && age < OLDEST;
  const isOwned = (rows.status['current_owner'] ?? '') !== '';
  const isKnown = holder === `${rows.status['docker_id']}/${rows.status['claim_token']}` ? holder : 'other';
  return `${isKnown},${isGraced ? `${hadOutage},${isChanged},${age}` : Math.min(age, isOwned ? 1 : CONFIRMATION_TICKS)},${look},${isSame}`;
}

/** A plan that can't be carried out any more is as good as none: it is made again. */
function encodePlanned(planned: Planned | undefined, world: World, encoding: Encoding): string {
  const guards = planned && encodeGuards(planned.rows, world.rows);
  if (planned === undefined || guards === undefined) return '';
  const { verdict, progress } = planned.decision;
  const what = verdict.kind === 'wait' ? verdict.announce : verdict.kind;
  return `${what}>${encodeProgress(progress, world, encoding)}>${guards}`;
}

function encodeProgress(
  progress: Progress,
  { nowMs, containers, rows }: World,
  { isPatienceExact }: Encoding,
): string {
  const { kind } = progress;
  if (kind === 'new') return kind;
  const [id, token = ''] = progress.holderAtStart.split('/');
  // A holder that is gone for good is equal to no holder that there will be.
  const isThere = token === rows.status['claim_token'] || containers.some((one) => one.token === token);
  const holder = id === '' ? '' : isThere ? `${id},${token}` : 'gone';
  const text = `${kind},${holder},${progress.holderVersionAtStart}`;
  if (kind === 'superseded') {
    const age = ageOf(progress.sinceMs, nowMs, PATIENCE);
    const answered =
      progress.answeredMs === undefined ? '' : ageOf(progress.answeredMs, nowMs, ANSWERED_PATIENCE);
    // One in between is as good as any other: the end of the patience is a step of its own.
    return `${text},${age === PATIENCE ? 'over' : isPatienceExact ? age : Math.min(age, 1)},${answered}`;
  }
  const { foreignReadySinceMs: sinceMs, isAnnounced } = progress;
  return `${text},${isAnnounced},${sinceMs === undefined ? '' : ageOf(sinceMs, nowMs, 1)}`;
}

/** What of them differs from the rows as they are; undefined if they will never be the same again. */
function encodeGuards(guards: readonly RowValues[], rows: ModelRows): string | undefined {
  if (guards === readStartupRows(rows)) return '';
  const differing: string[] = [];
  for (const { address, values } of guards) {
    const name = nameOfRow(address);
    if (name === undefined) continue;
    for (const [field, value] of Object.entries(values)) {
      if (rows[name][field] === value || field === TOLD_BY_TOKEN) continue;
      // Such a time does not come again.
      if (TIME_FIELDS.has(field) && value !== undefined && value !== '') return undefined;
      differing.push(`${field}!${value ?? '-'}`);
    }
  }
  return differing.join(',');
}
