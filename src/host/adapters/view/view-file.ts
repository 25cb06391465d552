/** `ctrkitd.json`, by which the daemon tells people what it thinks. Gone with the boot, like the folder it is in. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { removeIfExists, replaceFile } from '../../../adapters/disk/replace-file.ts';
import { watchFolder } from '../../../adapters/disk/watch-folder.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import type { ViewFile, ViewReading } from '../../../ports/view-file.ts';
import { decodeView } from './view-schema.ts';

const VIEW_FILE = 'ctrkitd.json';
/** /proc counts in hundredths of a second, and the daemon notes its start a little after it. */
const START_SLACK_MS = 1_000;
/** USER_HZ, the same on every Linux that SONiC runs on. */
const TICKS_PER_S = 100;

/** `readStart` gives the boot-clock milliseconds of a process' start, undefined for one that does not run. */
export function createViewFile(
  folder: string,
  readStart: (pid: number) => number | undefined = readProcessStartMs,
): ViewFile {
  const path = `${folder}/${VIEW_FILE}`;
  let last = '';
  return {
    write(view) {
      const text = `${JSON.stringify(view)}\n`;
      // Somebody may have swept the folder.
      if (text === last && existsSync(path)) return;
      writeView(folder, path, text);
      last = text;
    },
    read: (bootId) => readView(path, { bootId, readStart }),
    remove() {
      last = '';
      removeIfExists(path);
    },
    watch: (onChange) => watchFolder(folder, [VIEW_FILE], onChange),
  };
}

interface Reader {
  readonly bootId: string;
  readonly readStart: (pid: number) => number | undefined;
}

function readView(path: string, { bootId, readStart }: Reader): ViewReading {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: code === 'ENOENT' ? 'ctrkitd does not run' : `${path} can't be read: ${message}` };
  }
  const view = decodeView(text);
  if (view === undefined) return { problem: `${path} is not what this ctrkit's daemon writes` };
  if (view.bootId !== bootId) return { problem: 'ctrkitd does not run; it did before the last reboot' };
  const startMs = readStart(view.pid);
  // A number is given anew: what started after the daemon did is another process.
  if (startMs === undefined || startMs > view.startedMs + START_SLACK_MS)
    return { problem: `ctrkitd does not run any more; its number was ${view.pid}` };
  return { found: view };
}

function writeView(folder: string, path: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    // Anybody may read it. Not durable: it does not outlive the boot, so it need not outlive a power cut.
    replaceFile(path, text, { mode: 0o644 });
  } catch (error) {
    throw new CtrkitError('disk', `${path} can't be written: ${(error as Error).message}`, { cause: error });
  }
}

/** The 22nd field of /proc/PID/stat (proc(5)), counted after the name, which may hold anything. */
export function readProcessStartMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return Math.round((Number(rest[18]) * 1_000) / TICKS_PER_S);
  } catch {
    return undefined;
  }
}
