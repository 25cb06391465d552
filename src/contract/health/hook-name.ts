/** Names of hooks: files of a folder, and the checks that they are (contract.md, section 5). */
/** Long enough for people, short enough for a report. */
const FILE = '[A-Za-z0-9][A-Za-z0-9_.-]{0,63}';
const HOOK_FILE = new RegExp(`^${FILE}$`);
const HOOK_NAME = new RegExp(`^(?:readiness_probe_hook|(?:required|wanted)\\.d/${FILE})$`);

/** Whether a file of this name in `required.d` or `wanted.d` is a hook. */
export const isHookFile = (name: string): boolean => HOOK_FILE.test(name);
/** Whether a check of this name is a hook: `required.d/FILE`, `wanted.d/FILE` or `readiness_probe_hook`. */
export const isHookName = (name: string): boolean => HOOK_NAME.test(name);
