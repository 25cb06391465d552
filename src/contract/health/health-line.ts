/**
 * The probe (contract.md, section 5): the three answers, and the line that carries them from the agent to
 * `health_probe` (rootfs/usr/lib/ctrkit/health_probe reads it).
 */

import { MAX_REASON_LENGTH, toOneLine } from '../../text/printable.ts';

/** The file's name in CTRKIT_RUN_DIR. */
export const HEALTH_FILE = 'health';

export type ProbeName = 'startup' | 'readiness' | 'liveness';

/** The exit code of each probe; 0 is a positive answer. */
export type ProbeAnswers = Readonly<Record<ProbeName, number>>;

/**
 * Encodes `ctrkit1 STARTUP READINESS LIVENESS STALE_AT_S TEXT`. STALE_AT_S is the second of the boot clock
 * (`/proc/uptime`) at which the answers go stale; TEXT is the reason, one line for people, and may be empty.
 */
export function encodeHealthLine(answers: ProbeAnswers, staleAtMs: number, text: string): string {
  const { startup, readiness, liveness } = answers;
  const shown = toOneLine(text, MAX_REASON_LENGTH);
  return (
    `ctrkit1 ${startup} ${readiness} ${liveness} ${Math.ceil(staleAtMs / 1000)} ${shown}`.trimEnd() + '\n'
  );
}
