import type { Environment } from '../../../contract/environment.ts';

/** What the launcher and the drop-in tell the gate alone (contract.md, section 13). */
const GATE_SETTINGS: ReadonlySet<string> = new Set([
  'CTRKIT_CALLER_PID',
  'CTRKIT_CALLER_STOPPED',
  'CTRKIT_LAUNCHER_PID',
]);

/** Before the name of a variable that the launcher keeps from the kit's own Node.js (contract.md, section 13). */
const KEPT = 'CTRKIT_KEPT_';

/** An environment for a process of the kit that the gate starts. */
export const withoutGateSettings = (env: Environment): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !GATE_SETTINGS.has(name)));

/** An environment for a program that is none of the kit's: what the launcher kept from the kit has its own name again. */
export const restoreEnvironment = (env: Environment): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(withoutGateSettings(env)).map(([name, value]) => [
      name.startsWith(KEPT) ? name.slice(KEPT.length) : name,
      value,
    ]),
  );
