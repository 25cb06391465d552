import { removeIfExists } from '../../../adapters/disk/replace-file.ts';
import { decodeGateNotice, encodeGateNotice } from '../../../contract/gate/gate-notice.ts';
import type { GateNoticeFile } from '../../../ports/gate-notice-file.ts';
import { readIfExists, writeAtomically } from './files.ts';

export const GATE_NOTICE_FILE = 'gate.json';

/** The gate's notice `gate.json` in `folder`. A notice of another `containerStart` is of an earlier start of the container. */
export function createGateNoticeFile(folder: string, containerStart: string): GateNoticeFile {
  const path = `${folder}/${GATE_NOTICE_FILE}`;
  return {
    read() {
      const notice = decodeGateNotice(readIfExists(path));
      return notice?.containerStart === containerStart && isRunning(notice.pid) ? notice : undefined;
    },
    write({ state, text }) {
      const notice = { state, text, pid: process.pid, containerStart };
      writeAtomically(folder, GATE_NOTICE_FILE, encodeGateNotice(notice), 0o644);
    },
    remove: () => removeIfExists(path),
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
