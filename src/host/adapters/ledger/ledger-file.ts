import { isDeepStrictEqual } from 'node:util';
import { CtrkitError } from '../../../contract/errors.ts';
import type { Ledger } from '../../../contract/images/ledger.ts';
import type { LedgerReading, LedgerStore } from '../../../ports/ledger-store.ts';
import { makeFolder, writeDurably } from '../disk/durable-file.ts';
import { encodeLedger, MAX_LEDGER_BYTES } from './ledger-codec.ts';
import {
  describeProblems,
  isFaultless,
  LEDGER_FILE,
  PREVIOUS_LEDGER_FILE,
  readGenerations,
  selectLedger,
  type Generations,
} from './ledger-generations.ts';
import { removeLeftovers, setAside } from './set-aside.ts';

/**
 * `ledger.json` and the generation before it in `folder`. What counts is, in this order: the current one if it is as it was
 * written; the previous one if that is; then the current one, then the previous one, if all of it makes sense although
 * its checksum is wrong; else nothing. So an edit by hand is not believed while there is a generation as a kit wrote it:
 * the golden image of that one was golden, one step ago at most, where an edited or damaged one may never have been.
 * Where there is none, to believe the edit is better than to forget the image. A feature whose own entry makes no
 * sense in a whole file is taken from the generation before.
 *
 * Both files are there from the first write on, and each is replaced by a rename while the other stands. What was not as
 * written is kept by the next write as `ledger.bad-<n>.json`. A file of a newer format is passed over, and never
 * written over.
 */
export function createLedgerFile(folder: string): LedgerStore {
  return {
    read: () => attempt(`the ledger in ${folder} can't be read`, () => readLedger(folder)),
    write: (ledger) => attempt(`the ledger in ${folder} can't be written`, () => writeLedger(folder, ledger)),
  };
}

function readLedger(folder: string): LedgerReading {
  const found = readGenerations(folder);
  return { ledger: selectLedger(found) ?? {}, problems: describeProblems(found) };
}

function writeLedger(folder: string, ledger: Ledger): void {
  const text = encodeLedger(ledger);
  if (Buffer.byteLength(text) > MAX_LEDGER_BYTES)
    throw new Error(`it is longer than ${MAX_LEDGER_BYTES} bytes`);
  const found = readGenerations(folder);
  const { current, previous } = found;
  for (const { content, name } of [current, previous])
    if (content.kind === 'newer') throw new Error(`${name}: ${content.why}; move it away first`);
  const isRotten = !isFaultless(current) || !isFaultless(previous);
  if (!isRotten && isDeepStrictEqual(selectLedger(found), ledger)) return;

  makeFolder(folder);
  removeLeftovers(folder);
  if (isRotten) keepEvidence(folder, found);
  const put = (name: string, content: string): void =>
    writeDurably(`${folder}/${name}`, content, `${folder}/ledger.${process.pid}.tmp`);
  // The older one first, while the current one, or what counts in its place, still stands.
  if (isFaultless(current)) put(PREVIOUS_LEDGER_FILE, current.text);
  else if (!isFaultless(previous)) put(PREVIOUS_LEDGER_FILE, encodeLedger(selectLedger(found) ?? ledger));
  put(LEDGER_FILE, text);
}

/** What tells something still stays in its place until it is replaced. */
function keepEvidence(folder: string, { current, previous }: Generations): void {
  for (const one of [previous, current]) {
    const { kind } = one.content;
    if (kind !== 'missing' && !isFaultless(one)) setAside(folder, one.name, kind !== 'broken');
  }
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof CtrkitError) throw error;
    throw new CtrkitError('disk', `${what}: ${(error as Error).message}`, { cause: error });
  }
}
