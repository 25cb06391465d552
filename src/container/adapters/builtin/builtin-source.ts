import type { CheckOutcome } from '../../../contract/health/check.ts';
import { PROBE_EXIT } from '../../../contract/exit-codes.ts';
import { MAX_REASON_LENGTH, toOneLine } from '../../../text/printable.ts';
import type { Check, CheckSource } from '../../../ports/check.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { BuiltinCheckConfig } from '../../health/checks-config/checks-config.ts';
import { createFileInspector } from './file-age.ts';
import type { Finding } from './finding.ts';
import { inspectMemory } from './memory.ts';
import { createSocketInspector } from './socket.ts';

/** Creates the checks of `[checks]` in checks.toml, in the order of the file. */
export function createBuiltinSource(
  configs: readonly BuiltinCheckConfig[],
  clock: Pick<Clock, 'bootMs'>,
): CheckSource {
  const checks = configs.map((config) => createCheck(config, clock));
  return { list: () => checks };
}

function createCheck(config: BuiltinCheckConfig, clock: Pick<Clock, 'bootMs'>): Check {
  const { name, kind, timing, isMendedByRestart } = config;
  const inspect = createInspector(config, clock);
  const run = async (): Promise<CheckOutcome> => {
    try {
      const { result, message } = await inspect();
      if (result !== 'failing') return { result, message };
      return { result, message, exitCode: PROBE_EXIT.failed, isMendedByRestart };
    } catch (error) {
      return { result: 'unknown', message: toOneLine((error as Error).message, MAX_REASON_LENGTH) };
    }
  };
  return { name, kind, timing, run };
}

function createInspector(config: BuiltinCheckConfig, clock: Pick<Clock, 'bootMs'>): () => Promise<Finding> {
  const { timeoutMs } = config.timing;
  switch (config.what) {
    case 'tcp':
    case 'unix':
      return createSocketInspector(config, timeoutMs);
    case 'file':
      return createFileInspector({ ...config, timeoutMs }, clock);
    case 'memory':
      return async () => inspectMemory(config.limitPercent);
  }
}
