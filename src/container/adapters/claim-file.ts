import { mkdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { decodeStoredClaim, encodeStoredClaim, type StoredClaim } from '../../contract/claim-file.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';

const NAME = 'claim.json';

/** `claim.json` in `folder`; `containerStart` tells this start of the container from an earlier one. */
export function claimFileIn(folder: string, containerStart: string): ClaimFile {
  const path = `${folder}/${NAME}`;
  return {
    read() {
      const claim = decodeStoredClaim(readIfThere(path));
      return claim?.containerStart === containerStart ? claim : undefined;
    },

    write(claim: StoredClaim) {
      const temporary = `${path}.${process.pid}.tmp`;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o755 });
        // No fsync: a claim does not outlive the boot, so it need not outlive a power cut.
        writeFileSync(temporary, encodeStoredClaim(claim), { mode: 0o600 });
        renameSync(temporary, path);
      } catch (error) {
        removeIfThere(temporary);
        throw new CtrkitError('defect', `${path} can't be written: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },

    remove() {
      removeIfThere(path);
    },

    watch(onChange) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o755 });
        const watcher = watch(folder, (_event, name) => {
          if (name === NAME) onChange();
        });
        watcher.on('error', () => watcher.close());
        return () => watcher.close();
      } catch {
        // No inotify to be had, or no folder yet: who asks looks again now and then anyway.
        return () => {};
      }
    },
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A folder that can't be written, or is none: whoever writes the next claim says so.
  }
}
