/** The laws of a switch's history, each checked against the truth of the simulated switch. */
import type { HostStep } from '../../../src/decide/feature/host-step.ts';
import type { Look } from './daemon.ts';
import { isShownHealthy, type Recount } from './recount.ts';
import { findLatest, numberOf, versionOf, type SwitchWorld } from './world.ts';

export interface Witness {
  readonly world: SwitchWorld;
  readonly recount: Recount;
  /** The rungs of the ledger that stood when the step was decided; their images that were there. */
  readonly before: Standing;
}

export interface Standing {
  readonly best: number | undefined;
  readonly bestCertified: number | undefined;
  readonly ladder: readonly number[];
}

const assertLaw = (law: string, isKept: boolean, { nowMs }: SwitchWorld, detail = ''): void => {
  if (!isKept) throw new Error(`law broken: ${law} (at ${nowMs} ms) ${detail}`);
};

/** Told without the code under test. `failing` is no rung to go to. */
export function findStanding(world: SwitchWorld, failing?: number): Standing {
  const { ledger, names, blocked } = world;
  const isGood = (number: number): boolean =>
    number !== failing &&
    names.has(number) &&
    !ledger.fallbacks.some(({ imageId }) => numberOf(imageId) === number) &&
    !blocked.has(versionOf(number));
  const certified = [ledger.golden, ledger.previous].flatMap((rung) => numberOf(rung?.imageId ?? '') ?? []);
  const shipped = numberOf(ledger.shipped?.imageId ?? '');
  const all = [...certified, ...(shipped === undefined ? [] : [shipped])];
  const wanted = world.policy['tag_new_as_local'] === 'true' || shipped === undefined ? all : [shipped];
  return {
    best: wanted.find(isGood),
    bestCertified: certified.find(isGood),
    ladder: all.filter((number) => names.has(number)),
  };
}

/** Before a step is carried out. */
export function checkCause(step: HostStep, { input }: Look, witness: Witness): void {
  const { world, recount, before } = witness;
  if (step.kind === 'certify') {
    const number = numberOf(step.image.imageId);
    const { running } = world;
    const ms = recount.earned?.id === running?.id ? (recount.earned?.ms ?? 0) : 0;
    const neededMs = input.reading.policy.activeTimeToMarkGoodMs;
    const isWell = running?.image === number && ms >= neededMs;
    assertLaw('a certified image was healthy for its time', isWell, world, `${ms} of ${neededMs} ms`);
    const isLower = running?.owner === 'local' && before.bestCertified !== undefined;
    assertLaw(
      'golden never moves down without a deployment',
      !isLower || before.bestCertified === number || world.config.setOwner !== 'kube',
      world,
    );
  }
  if (step.kind === 'fall-back') checkFallback(step, input.reading.policy, witness);
}

function checkFallback(
  { fallback, text }: Extract<HostStep, { kind: 'fall-back' }>,
  policy: Look['input']['reading']['policy'],
  { world, recount }: Witness,
): void {
  const blamed = numberOf(fallback?.imageId ?? '');
  const ms = blamed === undefined ? recount.notDeployedMs : (recount.failingMs.get(blamed) ?? 0);
  const limitMs = blamed === undefined ? policy.kubeFailureDetectionMs : policy.failTimeToFallbackMs;
  assertLaw(
    'a fallback has a cause',
    limitMs > 0 && ms >= limitMs && !isShownHealthy(world),
    world,
    `${ms} of ${limitMs} ms: ${text}`,
  );
}

/** After a step was carried out. */
export function checkOutcome(step: HostStep, witness: Witness): void {
  const { world, before } = witness;
  for (const number of before.ladder)
    assertLaw('nothing on the ladder is removed', world.names.has(number), world, versionOf(number));
  if (step.kind !== 'fall-back') return;
  const { best } = findStanding(world);
  if (best === undefined) return;
  const runs = world.running?.owner === 'local' ? world.running.image : undefined;
  const isBest = findLatest(world) === best && runs === best;
  assertLaw('after a fallback the highest good rung runs', isBest, world, `${runs} in place of ${best}`);
}

const describe = ({ decision: { steps, view } }: Look): string =>
  JSON.stringify([steps.map(({ kind }) => kind), view.fallback.kind, view.fallback.text]);

/** `now` is what a look would decide while nothing has changed since `last` and its requeue is not due. */
export const checkPatience = (last: Look, now: Look, world: SwitchWorld): void =>
  assertLaw(
    'no state lasts longer than its deadline',
    // Steps that were taken are not due again.
    now.decision.steps.length === 0 && now.decision.view.fallback.kind === last.decision.view.fallback.kind,
    world,
    `${describe(last)} has become ${describe(now)}`,
  );
