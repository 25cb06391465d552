import { removeIfExists } from '../../../adapters/disk/replace-file.ts';
import { decodeGateNotice, encodeGateNotice, type GateNotice } from '../../../contract/gate/gate-notice.ts';
import type { GateNoticeFile } from '../../../ports/gate-notice-file.ts';
import { isStillRunning, readProcessStat } from '../proc/process-stat.ts';
import { readIfExists, writeAtomically } from './files.ts';

export const GATE_NOTICE_FILE = 'gate.json';

/**
 * The gate's notice `gate.json` in `folder`. A notice of another `containerStart` is of an earlier start of the container. One
 * that was read once counts while its gate runs, also if the file has vanished: a gate that goes on ends.
 */
export function createGateNoticeFile(folder: string, containerStart: string): GateNoticeFile {
  const path = `${folder}/${GATE_NOTICE_FILE}`;
  let known: GateNotice | undefined;
  let written = '';
  return {
    read() {
      const text = readIfExists(path);
      if (text !== '') known = decodeGateNotice(text);
      return known?.containerStart === containerStart && isStillRunning(known.pid, known.startTicks)
        ? known
        : undefined;
    },
    readLast() {
      const notice = decodeGateNotice(readIfExists(path));
      return notice?.containerStart === containerStart ? notice : undefined;
    },
    isOwn() {
      try {
        return readIfExists(path) === written;
      } catch {
        return false;
      }
    },
    write(said) {
      const startTicks = readProcessStat('self')?.startTicks ?? 0;
      const notice = encodeGateNotice({ ...said, pid: process.pid, startTicks, containerStart });
      writeAtomically(folder, GATE_NOTICE_FILE, notice, 0o644);
      written = notice;
    },
    remove() {
      known = undefined;
      removeIfExists(path);
    },
  };
}
