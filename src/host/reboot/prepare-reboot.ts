/** What is done before a reboot (HLD, "Reboot support"; contract.md, section 16). */
import type { KubeletState, RebootKind } from '../../contract/reboot/reboot.ts';
import { planMark } from '../../decide/reboot/judge-mark.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { findFailure, withProgress } from '../membership/progress.ts';
import type { RebootPorts } from './reboot-ports.ts';
import { runHooks } from './run-hooks.ts';

/** A warm reboot has some 90 s in all, by which the neighbours' sessions run out. */
const PREPARE_LIMIT_MS = 10_000;
const READ_LIMIT_MS = 2_000;
/** systemd reads all its units anew when one is disabled. */
const KUBELET_LIMIT_MS = 5_000;
const IMAGES_LIMIT_MS = 5_000;
const HOOK_LIMIT_MS = 3_000;

const NO_KUBELET: KubeletState = { isEnabled: false, isActive: false };

export interface PrepareOptions {
  readonly kind: RebootKind;
  readonly skipHooks: boolean;
  /** Has the features start from their best images. Resolves with what went wrong, one line each. */
  readonly protectImages: () => Promise<readonly string[]>;
}

/**
 * Ends within ten seconds, whatever hangs, or soon after the signal. Nothing of it keeps a reboot from going on: returns what
 * was not done, one line each. To be run again whenever it was cut short.
 */
export async function prepareReboot(options: PrepareOptions, ports: RebootPorts): Promise<string[]> {
  const { kind, skipHooks, protectImages } = options;
  const untilMs = ports.clock.bootMs() + PREPARE_LIMIT_MS;
  const parts = await Promise.all([haltKubelet(kind, ports), protectInTime(protectImages, ports)]);
  const problems = parts.flat();
  if (skipHooks) return problems;
  return [...problems, ...(await runHooks('prepare', kind, { eachMs: HOOK_LIMIT_MS, untilMs }, ports))];
}

/**
 * kubelet would start again whatever the shutdown ends. It is stopped too: disabled alone it would run on until the reboot. The
 * record is on the disk before, so that it is brought back, also where the reboot never comes.
 */
async function haltKubelet(kind: RebootKind, ports: RebootPorts): Promise<string[]> {
  const { kubelet, marks, clock, signal } = ports;
  const problems: string[] = [];
  let state = NO_KUBELET;
  const reading = await findFailure(async () => {
    state = await kubelet.readState({ limitMs: READ_LIMIT_MS, signal });
  });
  if (reading !== undefined) problems.push(`kubelet is left alone: ${reading}`);
  const found = { kubelet: state, isNode: ports.hasJoined() };
  const recording = await findFailure(async () =>
    marks.write(planMark(kind, marks.read().mark, found, readTimestamps(clock))),
  );
  if (recording !== undefined) {
    // Nobody would bring it back.
    return [...problems, `kubelet is left alone, and what ends counts as failed: ${recording}`];
  }
  if (!state.isEnabled && !state.isActive) return problems;
  const failure = await withProgress('kubelet is disabled', ports, () =>
    findFailure(() => kubelet.halt({ limitMs: KUBELET_LIMIT_MS, signal })),
  );
  return failure === undefined ? problems : [...problems, `kubelet may run on: ${failure}`];
}

/** What does not end in time is left to itself. */
async function protectInTime(
  work: () => Promise<readonly string[]>,
  ports: RebootPorts,
): Promise<readonly string[]> {
  const problem = `the local images are as they were: no answer within ${IMAGES_LIMIT_MS / 1_000} s`;
  let cancel = (): void => undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    cancel = ports.clock.schedule(IMAGES_LIMIT_MS, () => resolve([problem]));
  });
  try {
    return await withProgress('the local images are looked after', ports, () => Promise.race([work(), late]));
  } finally {
    cancel();
  }
}
