/**
 * `state.json` of a state folder: how far the move from the old place has got. A folder without a mark, or with one that makes no
 * sense, is not being moved to.
 */
import { readWholeFile, writeDurably } from '../disk/durable-file.ts';

export const STATE_MARK = 'state.json';
const FORMAT = 1;
const MAX_BYTES = 1024 * 1024;

export type StateMark =
  /** The files were copied, each with this SHA-256; what was written to the old place meanwhile is not here yet. */
  | { readonly phase: 'copied'; readonly files: Readonly<Record<string, string>> }
  /** Everything is here; the old files can be removed. */
  | { readonly phase: 'merged' }
  | { readonly phase: 'done' };

const encodeStateMark = (mark: StateMark): string =>
  `${JSON.stringify({ format: FORMAT, ...mark }, undefined, 2)}\n`;

/** On the disk when it returns. Throws what node:fs throws. */
export const writeStateMark = (folder: string, mark: StateMark): void =>
  writeDurably(
    `${folder}/${STATE_MARK}`,
    encodeStateMark(mark),
    `${folder}/${STATE_MARK}.${process.pid}.tmp`,
  );

/** Throws what node:fs throws where the file can't be reached. */
export function readStateMark(folder: string): StateMark {
  const reading = readWholeFile(`${folder}/${STATE_MARK}`, MAX_BYTES);
  const mark = reading.kind === 'text' ? parseMark(reading.text) : undefined;
  return mark ?? { phase: 'done' };
}

function parseMark(text: string): StateMark | undefined {
  let found: { readonly format?: unknown; readonly phase?: unknown; readonly files?: unknown } | null;
  try {
    found = JSON.parse(text) as typeof found;
  } catch {
    return undefined;
  }
  if (found?.format !== FORMAT) return undefined;
  if (found.phase === 'merged') return { phase: 'merged' };
  const { phase, files } = found;
  if (phase !== 'copied' || typeof files !== 'object' || files === null) return undefined;
  return {
    phase,
    files: Object.fromEntries(Object.entries(files).map(([path, hash]) => [path, String(hash)])),
  };
}
