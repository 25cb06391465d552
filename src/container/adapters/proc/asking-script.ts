import { readRegularFile } from '../regular-file.ts';

/** What a script calls the gate by; its drop-in's name begins with it. */
export const GATE = 'container_startup';
/** A start script is some lines; what is longer is none. */
const MAX_SCRIPT_BYTES = 256 * 1024;

/** One that an interpreter is given need not begin with the interpreter's name. */
const SCRIPT_NAME = /\.(?:py|sh|bash|pl|rb)$/;

/** Whether this file is a script that names the gate. What can't be read does not. */
export function isAskingScript(path: string): boolean {
  try {
    const { content } = readRegularFile(path, MAX_SCRIPT_BYTES);
    const isScript = SCRIPT_NAME.test(path) || content.toString('latin1', 0, 2) === '#!';
    return isScript && content.includes(GATE);
  } catch {
    return false;
  }
}
