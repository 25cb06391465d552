import type { RebootKind } from '../../contract/reboot/reboot.ts';
import { findFailure, withProgress } from '../membership/progress.ts';
import type { RebootPorts } from './reboot-ports.ts';

export interface HookLimits {
  /** For one of them. */
  readonly eachMs: number;
  /** For all of them, boot clock. */
  readonly untilMs: number;
}

/**
 * Runs the features' hooks one after the other, in the order of their names. One that fails keeps none of the others from
 * running. Returns what went wrong, one line each.
 */
export async function runHooks(
  act: 'prepare' | 'done',
  kind: RebootKind,
  { eachMs, untilMs }: HookLimits,
  ports: RebootPorts,
): Promise<string[]> {
  const { hooks, clock, signal } = ports;
  const { names, problems: found } = hooks.list();
  const problems = [...found];
  for (const name of names) {
    const limitMs = Math.min(eachMs, untilMs - clock.bootMs());
    if (limitMs <= 0 || signal.aborted) {
      problems.push(`hook ${name} was not run: ${signal.aborted ? 'interrupted' : 'no time was left'}`);
      continue;
    }
    const run = () => hooks.run(name, act, kind, { limitMs, signal });
    const failure = await withProgress(`hook ${name}`, ports, () => findFailure(run));
    if (failure !== undefined) problems.push(`hook ${failure}`);
  }
  return problems;
}
