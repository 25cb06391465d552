import type { Environment } from '../../../contract/environment.ts';

/** What the launcher and the drop-in tell the gate alone (contract.md, section 13). */
const GATE_SETTINGS: ReadonlySet<string> = new Set([
  'CTRKIT_CALLER_PID',
  'CTRKIT_CALLER_STOPPED',
  'CTRKIT_LAUNCHER_PID',
]);

/** An environment for what the gate starts. */
export const withoutGateSettings = (env: Environment): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !GATE_SETTINGS.has(name)));
