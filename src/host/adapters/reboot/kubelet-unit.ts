import { execFile } from 'node:child_process';
import { CtrkitError } from '../../../contract/errors.ts';
import type { KubeletState } from '../../../contract/reboot/reboot.ts';
import type { CallLimits, KubeletUnit } from '../../../ports/reboot.ts';
import { runTool } from '../cluster-tools/run-tool.ts';

const KEPT_BYTES = 4_000;
/** What starts with the boot: a link below /etc, or below /run until the next boot. */
const ENABLED: ReadonlySet<string> = new Set(['enabled', 'linked']);
const ACTIVE: ReadonlySet<string> = new Set(['active', 'activating', 'reloading']);

/** `systemctl`: the words by which systemctl is run. An empty `unit` is none: it is left alone. */
export function createKubeletUnit(systemctl: readonly string[], unit: string): KubeletUnit {
  const act = (words: readonly string[], { limitMs, signal }: CallLimits): Promise<void> =>
    runTool({
      words: [...systemctl, ...words, unit],
      timeLimitMs: limitMs,
      signal,
      secrets: [],
      onStart: () => undefined,
      missingText: 'is not there: kubelet can’t be stopped or started',
    });
  return {
    async readState(limits) {
      if (unit === '') return { isEnabled: false, isActive: false };
      const words = [...systemctl, 'show', '--property=LoadState,ActiveState,UnitFileState', unit];
      return decodeKubeletState(await readOutput(words, limits));
    },
    halt: async (limits) => (unit === '' ? undefined : act(['disable', '--now'], limits)),
    resume: async (isEnabled, limits) =>
      unit === '' ? undefined : act(isEnabled ? ['enable', '--now'] : ['start'], limits),
  };
}

/** Decodes what `systemctl show` prints. A unit that is not there has no state of its file. */
export function decodeKubeletState(text: string): KubeletState {
  const readProperty = (property: string): string =>
    new RegExp(`^${property}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    isEnabled: ENABLED.has(readProperty('UnitFileState')),
    isActive: ACTIVE.has(readProperty('ActiveState')),
  };
}

function readOutput(
  [file = '', ...args]: readonly string[],
  { limitMs, signal }: CallLimits,
): Promise<string> {
  const options = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: KEPT_BYTES, signal } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new CtrkitError('cluster', `systemctl can't tell how kubelet is: ${error.message}`, {
            cause: error,
          }),
        );
    });
  });
}
