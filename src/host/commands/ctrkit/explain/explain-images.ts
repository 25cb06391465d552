/** Explains which image is golden or about to become so, which ones fell back, and which versions are blocked. */
import { unblockVersionCommand } from '../../../../text/operator-commands.ts';
import type { CertificationVerdict, FallbackVerdict } from '../../../../contract/feature/daemon-view.ts';
import { shortImageId } from '../../../../contract/images/image.ts';
import type { FeatureLedger } from '../../../../contract/images/ledger.ts';
import {
  findStandingRung,
  listRungs,
  type LadderFacts,
  type Rung,
  type RungName,
} from '../../../../decide/images/ladder.ts';
import { describeDuration } from '../../../../text/duration-text.ts';
import type { Explanation } from '../reading/explain-item.ts';

export function explainGolden(ledger: FeatureLedger, facts: LadderFacts): Explanation[] {
  const rungs = listRungs(ledger, facts);
  const standing = findStandingRung(rungs);
  const items: Explanation[] = rungs.map((rung) => ({
    topic: 'golden',
    text: describeRung(rung, rung === standing),
    values: [],
  }));
  if (rungs.length === 0)
    items.push({
      topic: 'golden',
      text: "none yet: ctrkitd takes the switch's local image for it once it has seen it",
      values: [],
    });
  return items;
}

const RUNG_TEXTS: Readonly<Record<RungName, string>> = {
  golden: 'certified',
  previous: 'certified before that',
  shipped: 'the shipped local image',
};

/** The first rung that stands is what counts as golden. */
function describeRung({ name, image, hasFailed, isThere }: Rung, isGolden: boolean): string {
  const { version, references, imageId } = image;
  const names = references.length === 0 ? '' : `${references.join(', ')}, `;
  const gone = isThere ? '' : '; it is not on this switch';
  const failed = hasFailed ? '; it has failed' : '';
  const place = isGolden ? '' : ', lower on the ladder';
  return `version ${version} (${names}${shortImageId(imageId)}), ${RUNG_TEXTS[name]}${gone || failed ? gone + failed : place}`;
}

export function explainCertification(verdict: CertificationVerdict, nowMs: number): Explanation[] {
  return [{ topic: 'certification', text: describeCertification(verdict, nowMs), values: [] }];
}

function describeCertification(verdict: CertificationVerdict, nowMs: number): string {
  switch (verdict.kind) {
    case 'off':
    case 'golden':
    case 'own-rung':
    case 'not-counting':
    case 'certified':
      return verdict.text;
    case 'counting': {
      const leftMs = findCertificationLeftMs(verdict, nowMs);
      const when =
        leftMs === 0
          ? 'golden with its next heartbeat'
          : `golden in ${describeDuration(leftMs)} if it stays so`;
      return `${verdict.text}: ${when}`;
    }
  }
}

/** Milliseconds until the image is golden; 0 when its time is complete. */
const findCertificationLeftMs = (
  { fromMs, neededMs }: Extract<CertificationVerdict, { kind: 'counting' }>,
  nowMs: number,
): number => Math.max(fromMs + neededMs - nowMs, 0);

export function explainFallback(verdict: FallbackVerdict, nowMs: number): Explanation[] {
  return [{ topic: 'fallback', text: describeFallback(verdict, nowMs), values: [] }];
}

function describeFallback(verdict: FallbackVerdict, nowMs: number): string {
  switch (verdict.kind) {
    case 'off':
    case 'well':
    case 'unknown':
      return verdict.text;
    case 'failing': {
      const { text, limitMs, isRising } = verdict;
      const leftMs = findFallbackLeftMs(verdict, nowMs);
      if (!isRising)
        return `${text}; of ${describeDuration(limitMs)} it has ${describeDuration(leftMs)} left`;
      return `${text}; it falls back in ${describeDuration(leftMs)} unless it gets well`;
    }
    case 'refused':
      return `it fails (${verdict.cause}), but does not fall back: ${verdict.text}`;
    case 'fall-back':
      return `it falls back now (${verdict.cause}): ${verdict.text}`;
  }
}

/** Milliseconds of failing until the feature falls back. */
function findFallbackLeftMs(verdict: Extract<FallbackVerdict, { kind: 'failing' }>, nowMs: number): number {
  const { failingMs, limitMs, asOfMs, isRising } = verdict;
  const sinceMs = isRising ? Math.max(nowMs - asOfMs, 0) : 0;
  return Math.max(limitMs - failingMs - sinceMs, 0);
}

export function explainFallbacksDone({ fallbacks }: FeatureLedger, feature: string): Explanation[] {
  return fallbacks.map(({ version, imageId, reason, isDone }) => ({
    topic: 'fallback',
    text: `${isDone ? 'fell' : 'is falling'} back from version ${version} (${shortImageId(imageId)}): ${reason}; an image falls back once`,
    lifts: unblockVersionCommand(feature, version),
    values: [],
  }));
}
