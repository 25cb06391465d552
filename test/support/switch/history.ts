/** Plays a history on a simulated switch under the laws. */
import { NO_MEMORY, resumeMemory } from '../../../src/decide/feature/feature-memory.ts';
import { imageIdOf } from '../beats.ts';
import { LOCAL } from '../feature-inputs.ts';
import { isWatching, readInput, reconcile, tagImage, type Look, type Rules } from './daemon.ts';
import { checkCause, checkOutcome, checkPatience, findStanding } from './laws.ts';
import { passTick } from './live.ts';
import { countHealth, countTick, createRecount, type Recount } from './recount.ts';
import {
  createWorld,
  deployImage,
  endContainer,
  NUMBERS,
  startService,
  stopService,
  versionOf,
  type SwitchWorld,
} from './world.ts';

/** What happens, and for how many ticks nothing else does after it. */
export interface Happening {
  readonly kind: (typeof HAPPENINGS)[number];
  readonly image: number;
  readonly isOn: boolean;
  readonly ticks: number;
}

type Act = (world: SwitchWorld, happening: Happening) => void;

const removeImage = (world: SwitchWorld, image: number): void => {
  const isUsed = world.running?.image === image || world.localImage === image || world.pins.has(image);
  if (!isUsed) world.names.delete(image);
};

/** `isWarm`: the databases survive. */
function bootSwitch(world: SwitchWorld, isWarm: boolean): void {
  Object.assign(world, { running: undefined, crash: undefined, ends: [], isRebootPrepared: false });
  world.boot += 1;
  world.memory = NO_MEMORY;
  Object.assign(world, { isDaemonUp: true, daemonStartedMs: world.nowMs, isRebootAnnounced: false });
  if (!isWarm) {
    world.beat = {};
    world.status = {};
    for (const label of Object.keys(world.labels)) delete world.labels[label];
  }
  startService(world);
}

const ACTS = {
  deploy: (world, { image, isOn, ticks }) =>
    world.isDatabaseAway ||
    deployImage(world, image, isOn || image !== 4 ? 'ours' : 'shipped', (ticks % 5) * 20_000),
  'deploy-shipped': (world, { image, isOn, ticks }) =>
    deployImage(world, image, isOn ? 'shipped' : 'shipped-without-id', (ticks % 5) * 60_000),
  undeploy: (world) => {
    endContainer(world, 'kube', true);
    world.pod = undefined;
  },
  unhealthy: (world, { image }) => world.health.set(image, 'unhealthy'),
  silent: (world, { image }) => world.health.set(image, 'silent'),
  crashes: (world, { image }) => world.health.set(image, 'crashes'),
  healthy: (world, { image }) => world.health.set(image, 'healthy'),
  'crash-once': (world) => endContainer(world, 'kube', false),
  collect: (world, { image }) => removeImage(world, image),
  prune: (world) => NUMBERS.forEach((image) => removeImage(world, image)),
  untag: (world, { image }) => {
    world.names.get(image)?.clear();
  },
  'tag-all': (world, { image }) => tagImage(world, imageIdOf(image), `${LOCAL}:latest`),
  're-image': (world, { image }) => {
    world.names.clear();
    world.pins.clear();
    world.localImage = undefined;
    world.names.set(image, new Set([`${LOCAL}:latest`, `${LOCAL}:${versionOf(image)}`]));
    bootSwitch(world, false);
  },
  reboot: (world, { isOn }) => bootSwitch(world, isOn),
  'announce-reboot': (world, { isOn }) => (world.isRebootAnnounced = isOn),
  'prepare-reboot': (world, { isOn }) => (world.isRebootPrepared = isOn),
  'engine-away': (world, { isOn }) => (world.isEngineAway = isOn),
  'database-away': (world, { isOn }) => {
    if (world.isDatabaseAway && !isOn) world.memory = resumeMemory(world.memory);
    world.isDatabaseAway = isOn;
  },
  'engine-blinks': (world) => (world.isEngineAway = true),
  'daemon-blinks': (world) => {
    world.isDaemonUp = false;
    world.ends = [];
  },
  'config-reload': (world, { isOn }) => (world.config.hasRow = isOn),
  'daemon-ends': (world) => {
    world.isDaemonUp = false;
    world.ends = [];
  },
  'daemon-starts': (world, { isOn }) => {
    if (world.isDaemonUp) return;
    world.memory = isOn ? resumeMemory(world.memory) : NO_MEMORY;
    Object.assign(world, { isDaemonUp: true, daemonStartedMs: world.nowMs });
  },
  lock: (world, { isOn }) => (world.isLocked = isOn),
  block: (world, { image }) => world.blocked.add(versionOf(image)),
  unblock: (world, { image }) => (world.labels[`snmp_${versionOf(image)}_enabled`] = 'true'),
  stop: (world) => stopService(world),
  start: (world) => world.isUp || startService(world),
  'owner-local': (world, { isOn }) => (world.config.setOwner = isOn ? 'local' : 'kube'),
  'tag-new': (world, { isOn }) => (world.policy['tag_new_as_local'] = `${isOn}`),
  'no-limits': (world, { isOn }) => {
    world.policy['fail_time_to_fallback'] = isOn ? '2m' : '0';
    world.failureDetectionMs = isOn ? 180_000 : 0;
  },
  'master-away': (world, { isOn }) => (world.isMasterConnected = !isOn),
  'restarts-fail': (world, { isOn }) => (world.failsRestarts = isOn),
  nothing: () => undefined,
} satisfies Record<string, Act | ((...given: Parameters<Act>) => unknown)>;

export const HAPPENINGS = Object.keys(ACTS) as (keyof typeof ACTS)[];

/** What can happen while nothing can be written. */
const WITHOUT_DATABASE: ReadonlySet<string> = new Set<(typeof HAPPENINGS)[number]>([
  'unhealthy',
  'silent',
  'crashes',
  'healthy',
  'collect',
  'prune',
  'untag',
  'tag-all',
  'engine-away',
  'engine-blinks',
  'daemon-blinks',
  'database-away',
  'daemon-ends',
  'daemon-starts',
  'lock',
  'nothing',
]);

/** How often each kind of step was taken. */
export type StepCounts = Map<string, number>;

interface Play {
  readonly world: SwitchWorld;
  readonly recount: Recount;
  readonly rules: Rules;
  readonly counts: StepCounts;
  last: Look | undefined;
  seen: string;
}

/** Throws where a law is broken, naming it. */
export function playHistory(happenings: readonly Happening[], rules: Rules, counts: StepCounts): void {
  const play: Play = {
    world: createWorld(),
    recount: createRecount(),
    rules,
    counts,
    last: undefined,
    seen: '',
  };
  look(play);
  for (const happening of happenings) {
    const { kind, ticks } = happening;
    playAct(play, happening);
    for (let tick = 0; tick < ticks; tick++) {
      countTick(play.recount, play.world);
      passTick(play.world);
      look(play);
    }
    // A blink is over before the next happening.
    if (kind === 'engine-blinks') playAct(play, { ...happening, kind: 'engine-away', isOn: false });
    if (kind === 'daemon-blinks') playAct(play, { ...happening, kind: 'daemon-starts' });
  }
}

function playAct(play: Play, happening: Happening): void {
  const { kind } = happening;
  if (!play.world.isDatabaseAway || WITHOUT_DATABASE.has(kind)) ACTS[kind](play.world, happening);
  look(play);
}

/** Looks only where something has changed or the time has come, as the daemon does; else what a look would have shown. */
function look(play: Play): void {
  const { world, recount, rules } = play;
  if (!isWatching(world)) {
    play.last = undefined;
    return;
  }
  countHealth(recount, world);
  for (let times = 0; times < 4; times++) {
    const input = readInput(world);
    const seen = JSON.stringify({ ...input, now: 0, blockedVersions: [...input.blockedVersions] });
    const { last } = play;
    const isDue = last?.isDone === false || (last?.decision.requeueAtMs ?? Infinity) <= world.nowMs;
    if (seen === play.seen && last !== undefined && (!isDue || times > 0)) {
      if (times === 0)
        checkPatience(last, { input, decision: rules.decide(world.memory, input), isDone: true }, world);
      return;
    }
    play.seen = seen;
    play.last = act(play);
  }
}

function act({ world, recount, rules, counts }: Play): Look {
  let before = findStanding(world);
  return reconcile(world, rules, (step, found, isDone) => {
    if (isDone) return checkOutcome(step, { world, recount, before });
    before = findStanding(world);
    counts.set(step.kind, (counts.get(step.kind) ?? 0) + 1);
    checkCause(step, found, { world, recount, before });
  });
}
