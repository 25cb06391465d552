/** The daemon's view as it is in its file. A file of another release, or of another program, must not pass for it. */
import * as v from 'valibot';
import type { DaemonView } from '../../../contract/feature/daemon-view.ts';

const text = v.string();
const ms = v.number();
const cause = v.picklist(['unhealthy', 'crash-looping', 'silent', 'not-deployed']);

const CERTIFICATION = v.variant('kind', [
  v.object({ kind: v.literal('off'), text }),
  v.object({ kind: v.literal('golden'), text }),
  v.object({ kind: v.literal('own-rung'), text }),
  v.object({ kind: v.literal('not-counting'), text }),
  v.object({ kind: v.literal('counting'), text, fromMs: ms, neededMs: ms }),
  v.object({ kind: v.literal('certified'), text, healthyMs: ms }),
]);

const FALLBACK = v.variant('kind', [
  v.object({ kind: v.literal('off'), text }),
  v.object({ kind: v.literal('well'), text }),
  v.object({ kind: v.literal('unknown'), text }),
  v.object({
    kind: v.literal('failing'),
    cause,
    text,
    failingMs: ms,
    limitMs: ms,
    asOfMs: ms,
    isRising: v.boolean(),
  }),
  v.object({ kind: v.literal('refused'), cause, text }),
  v.object({ kind: v.literal('fall-back'), cause, text }),
]);

const SWITCH = v.object({ kind: v.picklist(['none', 'restart']), text, restartAtMs: v.optional(ms) });

const RUNG = v.object({
  name: v.picklist(['golden', 'previous', 'shipped']),
  imageId: text,
  version: text,
  isThere: v.boolean(),
  hasFailed: v.boolean(),
  isPinned: v.boolean(),
});

const VIEW = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  isShadow: v.boolean(),
  bootId: text,
  startedMs: ms,
  problems: v.array(text),
  features: v.record(
    text,
    v.object({
      imageId: text,
      version: text,
      certification: CERTIFICATION,
      fallback: FALLBACK,
      switchOver: v.optional(SWITCH),
      policyProblems: v.optional(v.array(text)),
      ladder: v.optional(v.array(RUNG)),
      problems: v.optional(v.array(text)),
      lastAct: text,
      lastActTs: v.number(),
    }),
  ),
});

/** Undefined for text that is none. */
export function decodeView(json: string): DaemonView | undefined {
  try {
    const parsed = v.safeParse(VIEW, JSON.parse(json));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
