import type { Owner } from '../../contract/feature/feature.ts';
import { explainFeature, formatEntrypoint } from './image-layout.ts';
import type { Suspicion } from './unclaimed.ts';

export interface UnclaimedSettings {
  readonly owner: Owner;
  /** Undefined where nothing names it. */
  readonly feature: string | undefined;
  /** As in OwnIdentity. */
  readonly isVersionSet: boolean;
  /** The claim of this start was released by hand. */
  readonly isReleased: boolean;
  /** What a gate of this start said last that has ended without a go; undefined where none has. */
  readonly endedGate: string | undefined;
  /** CTRKIT_UNGATED. */
  readonly mode: 'end' | 'report';
}

/** `text` is one line for people. */
export type UnclaimedDecision =
  | { readonly kind: 'none' }
  /** Owner local, and the image never asks: the agent makes the claim. */
  | { readonly kind: 'claim'; readonly feature: string; readonly text: string }
  | { readonly kind: 'report'; readonly text: string }
  /** The start has failed before a gate let anything go. Nothing runs: what follows is that of any start that failed. */
  | { readonly kind: 'start-failed'; readonly text: string }
  /** The container is ended. */
  | { readonly kind: 'end'; readonly text: string };

/** Decides on what was confirmed: nothing is worse than an application that no gate let go, and runs beside another. */
export function decideUnclaimed(
  confirmed: readonly Suspicion[],
  settings: UnclaimedSettings,
): UnclaimedDecision {
  const { mode, owner, isReleased, feature } = settings;
  if (confirmed.some(({ kind }) => kind === 'gate-lost'))
    return { kind: mode, text: 'the gate is lost: it was killed, and what called it stands still' };
  const first = confirmed.find(({ kind }) => kind === 'unclaimed') ?? confirmed[0];
  if (first === undefined) return { kind: 'none' };
  if (first.kind === 'start-failed') return { kind: 'start-failed', text: describeFailedStart(first) };
  if (owner === 'local') {
    if (isReleased) return { kind: 'none' };
    return feature === undefined ? reportNameless(first) : claimFor(feature, first);
  }
  if (isReleased)
    return { kind: 'report', text: `${first.name} runs without a claim, which was released by hand` };
  return { kind: mode, text: `ungated: ${describeUngated(first, settings)}` };
}

/** What the agent waits for before it claims for an image of owner local, one line; empty where it will not. */
export function describeWait(
  suspicions: readonly Suspicion[],
  { owner, feature, isReleased }: Pick<UnclaimedSettings, 'owner' | 'feature' | 'isReleased'>,
): string {
  const first = suspicions.find(({ kind }) => kind === 'unclaimed');
  if (first === undefined || owner !== 'local' || feature === undefined || isReleased) return '';
  return `${first.name} runs, and no gate has been asked: unless one is within ${first.patienceMs / 1000} s, the agent claims for it`;
}

/** Whether a claim that the agent does not know of may explain what was confirmed. Beside a closed gate there is none. */
export const isClaimPossible = (
  confirmed: readonly Suspicion[],
  { owner, isReleased }: Pick<UnclaimedSettings, 'owner' | 'isReleased'>,
): boolean =>
  owner === 'kube' &&
  !isReleased &&
  confirmed.every(({ kind, isGateClosed }) => kind === 'unclaimed' && !isGateClosed);

const claimFor = (feature: string, { name }: Suspicion): UnclaimedDecision => ({
  kind: 'claim',
  feature,
  text: `${name} runs, and this image did not ask the gate: claimed for it`,
});

const describeFailedStart = ({ name }: Suspicion): string =>
  `${name} before a gate let the application go, and nothing starts it again: restart the container, or that program by supervisorctl`;

const reportNameless = ({ name }: Suspicion): UnclaimedDecision => ({
  kind: 'report',
  text: `${name} runs, and this image does not ask the gate: name its feature, by a line in its Dockerfile${explainFeature(undefined)}: RUN echo FEATURE >/etc/ctrkit/feature`,
});

function describeUngated(
  { name, isGateClosed }: Suspicion,
  { feature, isVersionSet, endedGate }: Pick<UnclaimedSettings, 'feature' | 'isVersionSet' | 'endedGate'>,
): string {
  if (isGateClosed)
    return `${name} runs beside the gate, which has not let it go: start it after the program that asks the gate (autostart=false)`;
  if (endedGate !== undefined)
    return `${name} runs, owner is kube, and no gate let it go: the gate that was asked has ended without a go, killed for instance, and what called it went on. container_startup with a COMMAND starts nothing without a go. That gate said last: ${endedGate}`;
  const skipped = isVersionSet
    ? ''
    : ' IMAGE_VERSION is not set, and a start.sh such as that of snmp asks only where it is.';
  return `${name} runs, owner is kube, and no gate let it go.${skipped} A line in its Dockerfile makes this image ask${explainFeature(feature)}: ${formatEntrypoint(feature)}`;
}
