/** The file by which the daemon shows people what it thinks. It goes with the boot, like its folder. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { removeIfExists, replaceFile } from '../../../adapters/disk/replace-file.ts';
import { watchFolder } from '../../../adapters/disk/watch-folder.ts';
import type { ViewFile, ViewReading } from '../../../ports/view-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';
import { readStartMs } from '../process-start.ts';
import { decodeView } from './view-schema.ts';

const VIEW_FILE = 'ctrkitd.json';
/** The daemon records its start a little after it started, and /proc counts in hundredths of a second. */
const START_SLACK_MS = 1_000;

/** `ctrkitd.json` in `folder`. `readStart`: when a process started, milliseconds of the boot clock; undefined if it has ended. */
export function createViewFile(
  folder: string,
  readStart: (pid: number) => number | undefined = readStartMs,
): ViewFile {
  const path = `${folder}/${VIEW_FILE}`;
  let last = '';
  return {
    write(view) {
      const text = `${JSON.stringify(view)}\n`;
      // Somebody may have emptied the folder.
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
  // Numbers are used again: a process that started after the daemon did is another one.
  if (startMs === undefined || startMs > view.startedMs + START_SLACK_MS)
    return { problem: `ctrkitd does not run any more; its number was ${view.pid}` };
  return { found: view };
}

function writeView(folder: string, path: string, text: string): void {
  wrapDiskError(path, 'written', () => {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    // Anybody may read it. Not durable: it does not outlive the boot, so it need not outlive a power cut.
    replaceFile(path, text, { mode: 0o644 });
  });
}
