import { statSync } from 'node:fs';
import {
  MAX_PROCESS_LIST_BYTES,
  parseProcessList,
  type ProcessList,
  type ProcessListFormat,
} from '../../contract/health/process-list.ts';
import { readRegularFile } from './regular-file.ts';

const NONE: ProcessList = { entries: [], errors: [] };

/**
 * Returns a reader of one of SONiC's lists. It reads the file again whenever the file has changed; no file is an empty
 * list. If the file can't be read, the last content counts.
 */
export function createProcessListReader(format: ProcessListFormat): () => ProcessList {
  let list = NONE;
  let seen = '';
  return () => {
    const version = readFileVersion(format.path);
    if (version !== seen) list = version === '' ? NONE : readProcessList(format, list);
    // A file that could not be read is tried again with the next call.
    seen = list.isUnread === true ? '' : version;
    return list;
  };
}

/** Returns a text that changes with the file; empty if there is no file. */
function readFileVersion(path: string): string {
  try {
    // Asked for several times a period: an exception for each would cost more than the file.
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? '' : [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join(' ');
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`;
  }
}

function readProcessList(format: ProcessListFormat, before: ProcessList): ProcessList {
  try {
    return parseProcessList(
      readRegularFile(format.path, MAX_PROCESS_LIST_BYTES).content.toString('utf8'),
      format,
    );
  } catch (error) {
    const errors = [`${format.path} can't be read: ${(error as Error).message}`];
    return { ...before, errors, isUnread: true };
  }
}
