/** ctrkitd on a simulated switch: the real decisions and changes of the ledger, over a plain carrying out of the steps. */
import type { EngineContainer } from '../../../src/contract/images/engine.ts';
import { decideFeature, type FeatureDecision } from '../../../src/decide/feature/decide-feature.ts';
import type { FeatureInput } from '../../../src/decide/feature/feature-input.ts';
import { recordFallbackRun, recordStepStart } from '../../../src/decide/feature/feature-memory.ts';
import type { HostStep } from '../../../src/decide/feature/host-step.ts';
import { planCleanUp } from '../../../src/decide/images/clean-up.ts';
import * as changes from '../../../src/decide/images/ledger-changes.ts';
import { planLocalStart, type LocalStartStep } from '../../../src/decide/images/local-start.ts';
import { imageIdOf } from '../beats.ts';
import { imageOf, LOCAL, pinOf, readRows } from '../feature-inputs.ts';
import { bootIdOf, endContainer, numberOf, restartService, startService, type SwitchWorld } from './world.ts';

/** What a mutant replaces. */
export interface Rules {
  readonly decide: typeof decideFeature;
  readonly cleanUp: typeof planCleanUp;
}
export const RULES: Rules = { decide: decideFeature, cleanUp: planCleanUp };

export const isWatching = ({ isDaemonUp, isDatabaseAway }: SwitchWorld): boolean =>
  isDaemonUp && !isDatabaseAway;

export function readInput(world: SwitchWorld): FeatureInput {
  const { ledger, config, nowMs, isEngineAway, blocked } = world;
  const versions = [...ledger.fallbacks.map(({ version }) => version), ...blocked];
  return {
    feature: 'snmp',
    reading: readRows(listRows(world), versions),
    ledger,
    engine: {
      isAway: isEngineAway,
      containers: listContainers(world),
      images: [...world.names].map(([number, names]) => imageOf(number, [...names])),
      pins: [...world.pins].map((number) => pinOf(imageIdOf(number))),
    },
    localRepository: LOCAL,
    ownedElsewhere: [],
    blockedVersions: blocked,
    lockText: world.isLocked ? 'locked by an operator' : undefined,
    isRebootPrepared: world.isRebootPrepared,
    ends: world.ends,
    unit: world.isUp || config.setOwner === 'local' ? undefined : 'inactive',
    now: { bootId: bootIdOf(world), bootMs: nowMs, wallMs: 1_700_000_000_000 + nowMs },
    daemonStartedMs: world.daemonStartedMs,
    timing: { coolDownMs: 300_000, daemonGraceMs: 60_000 },
  };
}

const listRows = (world: SwitchWorld) => ({
  'config FEATURE|snmp': world.config.hasRow
    ? {
        set_owner: world.config.setOwner,
        state: 'enabled',
        kube_failure_detection: `${world.failureDetectionMs / 60_000}`,
      }
    : {},
  'state FEATURE|snmp': world.status,
  'state CONTAINER_HEALTH|snmp': world.beat,
  'state KUBE_LABELS|SET': world.labels,
  'config IMAGE_MGMT|GLOBAL': world.config.hasRow ? world.policy : {},
  'state KUBERNETES_MASTER|SERVER': { connected: `${world.isMasterConnected}` },
  'state WARM_RESTART_ENABLE_TABLE|system': { enable: `${world.isRebootAnnounced}` },
});

function listContainers({ running, localImage }: SwitchWorld): EngineContainer[] {
  const listed: EngineContainer[] = [];
  if (running !== undefined) {
    const { id, image, owner } = running;
    const names = [owner === 'local' ? 'snmp' : `k8s_snmp_${id}`];
    listed.push({ id, names, imageId: imageIdOf(image), image: imageIdOf(image), state: 'running' });
  }
  if (localImage !== undefined) {
    const imageId = imageIdOf(localImage);
    listed.push({ id: 'e'.repeat(64), names: ['snmp'], imageId, image: imageId, state: 'exited' });
  }
  return listed;
}

export interface Look {
  readonly input: FeatureInput;
  readonly decision: FeatureDecision;
  /** False where a step failed, which is tried again. */
  readonly isDone: boolean;
}

/** `onStep` is called before and after each step. Ends at a step that fails. */
export function reconcile(
  world: SwitchWorld,
  rules: Rules,
  onStep: (step: HostStep, look: Look, isDone: boolean) => void,
): Look {
  const input = readInput(world);
  const decision = rules.decide(world.memory, input);
  let isDone = true;
  const look = { input, decision, isDone };
  world.memory = decision.memory;
  world.ends = [];
  for (const step of decision.steps) {
    onStep(step, look, false);
    world.memory = recordStepStart(world.memory, step, world.nowMs);
    isDone = carryOut(world, step, rules);
    if (!isDone) break;
    if (step.kind === 'fall-back') world.memory = recordFallbackRun(world.memory, world.nowMs);
    onStep(step, look, true);
  }
  return { ...look, isDone };
}

/** False where it failed. */
function carryOut(world: SwitchWorld, step: HostStep, rules: Rules): boolean {
  switch (step.kind) {
    case 'write-versions':
      world.status = {
        ...world.status,
        container_stable_version: step.stableVersion,
        container_last_version: step.lastVersion,
      };
      return true;
    case 'release':
      world.status = { ...world.status, current_owner: 'none', docker_id: '', claim_token: '' };
      if (world.status['remote_state'] === 'running') world.status['remote_state'] = 'stopped';
      return true;
    case 'block-version':
      world.labels[`snmp_${step.version}_enabled`] = 'false';
      return true;
    case 'lift-operator-block':
      world.blocked.delete(step.version);
      return true;
    case 'write-label':
      world.labels['snmp_enabled'] = step.value;
      if (step.value === 'false') endContainer(world, 'kube', true);
      return true;
    case 'fall-back':
      return fallBack(world, step);
    case 'finish-fallback':
      return finishFallback(world, step);
    case 'restart':
      return restart(world);
    default:
      changeLedger(world, step);
      changeImages(world, step, rules);
      return true;
  }
}

function restart(world: SwitchWorld): boolean {
  if (world.failsRestarts) return false;
  restartService(world);
  return true;
}

function changeLedger(world: SwitchWorld, step: HostStep): void {
  const { ledger } = world;
  if (step.kind === 'adopt-shipped') world.ledger = changes.adoptShippedImage(ledger, step.image);
  if (step.kind === 'certify') world.ledger = changes.recordCertification(ledger, step);
  if (step.kind === 'record-repository') world.ledger = changes.recordRepository(ledger, step.repository);
  if (step.kind === 'record-local-repository')
    world.ledger = changes.recordLocalRepository(ledger, step.repository);
  if (step.kind === 'lift-block') world.ledger = changes.liftFallback(ledger, step.imageId);
}

function changeImages(world: SwitchWorld, step: HostStep, rules: Rules): void {
  if (step.kind === 'clean-up') cleanUp(world, rules);
  if (step.kind === 'pin-image') world.pins.add(numberOf(step.pin.imageId) ?? 0);
  if (step.kind === 'unpin-image')
    for (const number of world.pins)
      if (pinOf(imageIdOf(number)).id === step.containerId) world.pins.delete(number);
  if (step.kind === 'return-name' || step.kind === 'name-image')
    tagImage(world, step.imageId, `${step.repository}:${step.tag}`);
  if (step.kind === 'tag-as-local' || step.kind === 'remove-local-container') moveLocal(world, step);
}

function moveLocal(world: SwitchWorld, step: LocalStartStep): void {
  if (step.kind === 'remove-local-container') world.localImage = undefined;
  if (step.kind === 'name-image') tagImage(world, step.imageId, `${step.repository}:${step.tag}`);
  if (step.kind === 'tag-as-local') tagImage(world, step.imageId, `${step.repository}:latest`);
}

export function tagImage(world: SwitchWorld, imageId: string, name: string): void {
  for (const names of world.names.values()) names.delete(name);
  world.names.get(numberOf(imageId) ?? 0)?.add(name);
}

function cleanUp(world: SwitchWorld, { cleanUp: plan }: Rules): void {
  const { ledger, engine, reading } = readInput(world);
  const { containers, images } = engine;
  const about = { feature: 'snmp', ledger, policy: reading.policy, images, containers };
  const { entries } = plan({
    ...about,
    localRepository: LOCAL,
    ownedElsewhere: [],
    isLocked: world.isLocked,
  });
  for (const { action, imageId } of entries)
    if (action === 'remove') world.names.delete(numberOf(imageId) ?? 0);
}

/** In the executor's order: on the disk first, the label, the local image, the service last. */
function fallBack(world: SwitchWorld, step: Extract<HostStep, { kind: 'fall-back' }>): boolean {
  const { fallback, target } = step;
  if (fallback !== undefined) {
    world.ledger = changes.recordFallback(world.ledger, fallback);
    world.labels[`snmp_${fallback.version}_enabled`] = 'false';
  }
  if (!goLocal(world, target.imageId)) return false;
  if (fallback !== undefined) world.ledger = changes.markFallbackDone(world.ledger, fallback.imageId);
  return true;
}

function finishFallback(world: SwitchWorld, step: Extract<HostStep, { kind: 'finish-fallback' }>): boolean {
  const { fallback, target, isRestartDue } = step;
  if (isRestartDue && target !== undefined && !goLocal(world, target.imageId)) return false;
  world.ledger = changes.markFallbackDone(world.ledger, fallback.imageId);
  return true;
}

function goLocal(world: SwitchWorld, targetId: string): boolean {
  if (world.failsRestarts) return false;
  endContainer(world, 'kube', true);
  const { engine, ledger } = readInput(world);
  const { images, containers } = engine;
  const about = { feature: 'snmp', targetId, localRepository: LOCAL, shipped: ledger.shipped };
  for (const step of planLocalStart({ ...about, images, containers })) moveLocal(world, step);
  if (world.running === undefined) startService(world);
  return true;
}
