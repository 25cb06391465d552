import { shortenId } from '../../../contract/images/engine.ts';
import type { FeatureLedger } from '../../../contract/images/ledger.ts';
import {
  adoptShippedImage,
  recordCertification,
  markFallbackDone,
  liftFallback,
  recordFallback,
  recordLocalRepository,
  recordRepository,
} from '../../../decide/images/ledger-changes.ts';
import type { HostStep } from '../../../decide/feature/host-step.ts';
import { isPinStep, type PinStep } from '../../../decide/images/pins.ts';
import { shortImageId } from '../../../contract/images/image.ts';
import type { StepContext, StepExecutor, StepOf } from './step-executor.ts';
import type { LedgerCache } from './ledger-cache.ts';

type ShadowStep = Exclude<HostStep, PinStep>;

/** More lines than a whole switch needs at a time. */
const MOST_LOGGED = 1_000;

/**
 * Reports what it would do and does nothing: no row, no image, no container, no service, no file. The decisions go on as if
 * it had been done, on a ledger in memory.
 */
export class ShadowExecutor implements StepExecutor {
  readonly #ledger: LedgerCache;
  /** What was reported already, the newest last: no step is done, so each is planned again and again. */
  readonly #logged = new Set<string>();
  /** Feature and version of what it would have fallen back from. */
  readonly #fallbacks = new Set<string>();

  constructor(ledger: LedgerCache) {
    this.#ledger = ledger;
  }

  async run(step: HostStep, context: StepContext): Promise<string> {
    // They change nothing that is decided, and the shipped daemon knows none.
    if (isPinStep(step)) return '';
    const { feature } = context;
    const text = await this.#describeStep(step, context);
    if (step.kind === 'fall-back' && step.fallback !== undefined)
      this.#fallbacks.add(`${feature} ${step.fallback.version}`);
    await this.#ledger.update(feature, (current) => applyStep(current, step));
    return text === '' || !this.#recordLine(feature, step, text) ? '' : `would have: ${text}`;
  }

  /** False if it was reported before. */
  #recordLine(feature: string, step: HostStep, text: string): boolean {
    const key = JSON.stringify([feature, step.kind, step.kind === 'restart' ? step.key : text]);
    const isNew = !this.#logged.delete(key);
    this.#logged.add(key);
    const [oldest] = this.#logged;
    if (this.#logged.size > MOST_LOGGED && oldest !== undefined) this.#logged.delete(oldest);
    return isNew;
  }

  async #describeStep(step: ShadowStep, context: StepContext): Promise<string> {
    switch (step.kind) {
      case 'adopt-shipped':
        return `recorded the switch's own image ${shortImageId(step.image.imageId)} as the shipped one`;
      case 'certify':
      case 'release':
        return step.text;
      case 'write-versions':
        return `written container_stable_version=${step.stableVersion}, container_last_version=${step.lastVersion}`;
      case 'name-image':
        return `named the shipped image ${shortImageId(step.imageId)} ${step.repository}:${step.tag}`;
      case 'tag-as-local':
        return `tagged ${shortImageId(step.imageId)} as ${step.repository}:latest`;
      case 'remove-local-container':
        return `removed the stopped local container ${shortenId(step.containerId)}`;
      case 'clean-up':
        return describePlan(await context.planCleanUp());
      case 'lift-block':
        return `lifted the block of version ${step.version}`;
      case 'lift-operator-block':
        return `removed the operator's block of version ${step.version}`;
      case 'block-version':
        // A shadow's own fallback has blocked nothing, so there is no label to be missed.
        return this.#fallbacks.has(`${context.feature} ${step.version}`)
          ? ''
          : `blocked version ${step.version} again`;
      case 'fall-back':
        return describeFallBack(step);
      case 'finish-fallback':
        return `finished the fallback from version ${step.fallback.version}`;
      case 'write-label':
        return `written the label ${context.feature}_enabled=${step.value}`;
      case 'restart':
        return `restarted the service: ${step.text}`;
      case 'record-repository':
      case 'record-local-repository':
        return '';
    }
  }
}

function describeFallBack({ fallback, target, text }: StepOf<'fall-back'>): string {
  const what = `fallen back to local, version ${target.version}`;
  return fallback === undefined
    ? `${what}: ${text}`
    : `${what}, and blocked version ${fallback.version}: ${text}`;
}

function describePlan({ allowed, entries }: Awaited<ReturnType<StepContext['planCleanUp']>>): string {
  const names = entries
    .filter(({ action }) => action === 'remove')
    .flatMap(({ steps }) =>
      steps.map((step) => (step.kind === 'reference' ? step.reference : shortImageId(step.imageId))),
    );
  return allowed && names.length > 0 ? `cleaned up: ${names.join(', ')}` : '';
}

/** The ledger as it would be after the step. */
function applyStep(ledger: FeatureLedger, step: ShadowStep): FeatureLedger {
  switch (step.kind) {
    case 'adopt-shipped':
      return adoptShippedImage(ledger, step.image);
    case 'certify':
      return recordCertification(ledger, step);
    case 'record-repository':
      return recordRepository(ledger, step.repository);
    case 'record-local-repository':
      return recordLocalRepository(ledger, step.repository);
    case 'lift-block':
      return liftFallback(ledger, step.imageId);
    case 'fall-back':
      return step.fallback === undefined
        ? ledger
        : markFallbackDone(recordFallback(ledger, step.fallback), step.fallback.imageId);
    case 'finish-fallback':
      return markFallbackDone(ledger, step.fallback.imageId);
    case 'name-image':
    case 'tag-as-local':
    case 'remove-local-container':
    case 'clean-up':
    case 'write-versions':
    case 'release':
    case 'lift-operator-block':
    case 'block-version':
    case 'write-label':
    case 'restart':
      return ledger;
  }
}
