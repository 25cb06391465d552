/** What ctrkitd remembers, in a file that goes with the boot (contract.md, section 10). */
import { lstatSync, mkdirSync } from 'node:fs';
import { geteuid } from 'node:process';
import * as v from 'valibot';
import { replaceFile } from '../../../adapters/disk/replace-file.ts';
import type { MemoryReading, MemoryStore } from '../../../ports/memory-store.ts';
import { readWholeFile } from '../disk/durable-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';

const MEMORY_FILE = 'memory.json';
/** A feature takes 2 KB. */
const MAX_BYTES = 4_194_304;

const MEMORY = v.object({
  format: v.literal(1),
  bootId: v.string(),
  features: v.record(v.string(), v.unknown()),
});

/** `memory.json` in `folder`. */
export function createMemoryFile(folder: string): MemoryStore {
  const path = `${folder}/${MEMORY_FILE}`;
  return {
    read: (bootId) => readMemory(path, bootId),
    write(bootId, features) {
      wrapDiskError(path, 'written', () => {
        mkdirSync(folder, { recursive: true, mode: 0o755 });
        replaceFile(path, `${JSON.stringify({ format: 1, bootId, features })}\n`, { mode: 0o600 });
      });
    },
  };
}

function readMemory(path: string, bootId: string): MemoryReading {
  const found = readText(path);
  if (found === undefined) return { features: {}, problem: '' };
  const memory = 'text' in found ? decodeMemory(found.text) : undefined;
  const why = 'why' in found ? found.why : 'it is not what ctrkitd writes';
  if (memory === undefined)
    return { features: {}, problem: `${path} does not count: ${why}; all counts start anew` };
  // Times are on the boot clock: those of another boot say nothing.
  return { features: memory.bootId === bootId ? memory.features : {}, problem: '' };
}

/** Undefined where there is none. */
function readText(path: string): { readonly text: string } | { readonly why: string } | undefined {
  try {
    const { uid } = lstatSync(path);
    // An account that is made up could make a feature fall back.
    if (uid !== 0 && uid !== geteuid?.()) return { why: `it is of user ${uid}, not of root` };
    const reading = readWholeFile(path, MAX_BYTES);
    switch (reading.kind) {
      case 'missing':
        return undefined;
      case 'unreadable':
        return { why: reading.why };
      case 'text':
        return { text: reading.text };
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : { why: message };
  }
}

function decodeMemory(json: string): v.InferOutput<typeof MEMORY> | undefined {
  try {
    const parsed = v.safeParse(MEMORY, JSON.parse(json));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
