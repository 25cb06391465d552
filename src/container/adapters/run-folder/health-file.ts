import { CtrkitError } from '../../../contract/errors.ts';
import { HEALTH_FILE } from '../../../contract/health/health-line.ts';
import type { HealthFile } from '../../../ports/health-file.ts';
import { overwriteLine, writeAtomically } from './files.ts';

/** The file `health` in `folder`. It is written on a full disk too: else all containers would go stale, and be restarted. */
export function createHealthFile(folder: string): HealthFile {
  return {
    write(line) {
      try {
        // Readable by everybody: kubelet's probe may run as another user than the agent.
        writeAtomically(folder, HEALTH_FILE, line, 0o644);
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        overwriteInPlace(`${folder}/${HEALTH_FILE}`, line, error);
      }
    },
  };
}

function isDiskFull(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function overwriteInPlace(path: string, line: string, reason: unknown): void {
  try {
    overwriteLine(path, line);
  } catch {
    throw reason instanceof CtrkitError ? reason : new CtrkitError('defect', `${path} can't be written`);
  }
}
