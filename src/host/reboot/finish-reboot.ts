/** What is done after a reboot, or where it has not come (HLD, "Reboot support"; contract.md, section 16). */
import type { RebootKind, RebootMark } from '../../contract/reboot/reboot.ts';
import { decideKubeletReturn } from '../../decide/reboot/judge-mark.ts';
import { withProgress } from '../membership/progress.ts';
import type { RebootPorts } from './reboot-ports.ts';
import { runHooks } from './run-hooks.ts';

/** A unit that waits for others starts with them. */
const KUBELET_LIMIT_MS = 30_000;
const HOOK_LIMIT_MS = 10_000;
const HOOKS_LIMIT_MS = 60_000;

export type FinishOutcome =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'finished';
      readonly reboot: RebootKind;
      /** What became of kubelet, half a line. */
      readonly kubelet: string;
      /** What went wrong, one line each. */
      readonly problems: readonly string[];
    };

/**
 * Takes back what a reboot was prepared by. The record goes last: whoever is killed before does it again. Throws
 * CtrkitError('cluster' | 'disk') where kubelet can't be brought back or the record can't be removed; the record stays then.
 */
export async function finishReboot(ports: RebootPorts): Promise<FinishOutcome> {
  const { marks, clock } = ports;
  const { mark, problem } = marks.read();
  if (mark === undefined) {
    if (problem === undefined) return { kind: 'nothing' };
    ports.report(`${problem}; it is removed. Whether kubelet was to be enabled is not known`);
    marks.remove();
    return { kind: 'nothing' };
  }
  const kubelet = await bringKubeletBack(mark, ports);
  const untilMs = clock.bootMs() + HOOKS_LIMIT_MS;
  const problems = await runHooks('done', mark.kind, { eachMs: HOOK_LIMIT_MS, untilMs }, ports);
  // Another reboot may have been prepared meanwhile.
  const now = marks.read().mark;
  if (now?.bootId === mark.bootId && now.bootMs === mark.bootMs) marks.remove();
  return { kind: 'finished', reboot: mark.kind, kubelet, problems };
}

async function bringKubeletBack(mark: RebootMark, ports: RebootPorts): Promise<string> {
  const { kubelet, signal } = ports;
  switch (decideKubeletReturn(mark, ports.hasJoined())) {
    case 'left-alone':
      return 'kubelet was off before, and is left alone';
    case 'left-cluster':
      return 'the switch is no node any more: joining enables kubelet';
    case 'resume':
      await withProgress('kubelet is started', ports, () =>
        kubelet.resume(mark.kubelet.isEnabled, { limitMs: KUBELET_LIMIT_MS, signal }),
      );
      return mark.kubelet.isEnabled ? 'kubelet is enabled and started' : 'kubelet is started';
  }
}
