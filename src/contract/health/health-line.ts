/**
 * The probe (contract.md, section 5): the three answers, and the line that carries them from the agent to
 * `health_probe` (rootfs/usr/lib/ctrkit/health_probe reads it).
 */

import type { Anchor } from '../anchor.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';

/** The file's name in CTRKIT_RUN_DIR. */
export const HEALTH_FILE = 'health';

export type ProbeName = 'startup' | 'readiness' | 'liveness';

/** The exit code of each probe; 0 is a positive answer. */
export type ProbeAnswers = Readonly<Record<ProbeName, number>>;

/**
 * Encodes `ctrkit2 STARTUP READINESS LIVENESS STALE_AT_S PID START_TICKS TEXT`. STALE_AT_S is the second of the boot clock
 * (`/proc/uptime`) at which the answers go stale. PID and START_TICKS are the container's anchor: the answers hold while it
 * runs. TEXT is the reason, one line for people, and may be empty.
 */
export function encodeHealthLine(
  answers: ProbeAnswers,
  staleAtMs: number,
  anchor: Anchor,
  text: string,
): string {
  const { startup, readiness, liveness } = answers;
  const shown = toOneLine(text, MAX_REASON_LENGTH);
  const staleAt = Math.ceil(staleAtMs / 1000);
  const words = ['ctrkit2', startup, readiness, liveness, staleAt, anchor.pid, anchor.startTicks, shown];
  return words.join(' ').trimEnd() + '\n';
}
