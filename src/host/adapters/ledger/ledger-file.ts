import { CtrkitError } from '../../../contract/errors.ts';
import type { Ledger } from '../../../contract/images/ledger.ts';
import type { LedgerReading, LedgerStore } from '../../../ports/ledger-store.ts';
import { createFolder, writeDurably } from '../disk/durable-file.ts';
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
 * `ledger.json` in `folder`, and the generation before it in `ledger.previous.json`. The ledger is the first of these that
 * there is: the current generation with a correct checksum; the previous generation with a correct checksum; the
 * current, then the previous generation if all entries make sense although the checksum is wrong; an empty ledger. So
 * an edit by hand is not believed while a generation is as ctrkit wrote it: the golden image of that one was golden, one
 * step ago at most, whereas that of an edited or damaged file may never have been. Without such a generation, to believe
 * the edit is better than to forget the image. A feature whose entry makes no sense in a file with a correct checksum is
 * taken from the previous generation.
 *
 * Both files are there from the first write on, and each is replaced by a rename while the other stands. The next write
 * keeps what was not as written as `ledger.bad-<n>.json`. A file of a newer format is not read, and never written over.
 */
export function createLedgerFile(folder: string): LedgerStore {
  let known: Generations | undefined;
  return {
    read: () => wrapError(`the ledger in ${folder} can't be read`, () => readLedger(folder)),
    write: (ledger) => {
      wrapError(`the ledger in ${folder} can't be written`, () => {
        known = writeLedger(folder, ledger, known);
      });
    },
  };
}

function readLedger(folder: string): LedgerReading {
  const found = readGenerations(folder);
  return { ledger: selectLedger(found) ?? {}, problems: describeProblems(found) };
}

/** Returns what is on the disk then. `known` is what the last call returned: both files are read again, and compared with it. */
function writeLedger(folder: string, ledger: Ledger, known: Generations | undefined): Generations {
  const text = encodeLedger(ledger);
  if (Buffer.byteLength(text) > MAX_LEDGER_BYTES)
    throw new Error(`it is longer than ${MAX_LEDGER_BYTES} bytes`);
  const found = readGenerations(folder, known);
  const { current, previous } = found;
  for (const { content, name } of [current, previous])
    if (content.kind === 'newer') throw new Error(`${name}: ${content.why}; move it away first`);
  const isRotten = !isFaultless(current) || !isFaultless(previous);
  if (!isRotten && current.text === text) return found;

  createFolder(folder);
  removeLeftovers(folder);
  if (isRotten) keepEvidence(folder, found);
  const writeGeneration = (name: string, content: string): void =>
    writeDurably(`${folder}/${name}`, content, `${folder}/ledger.${process.pid}.tmp`);
  // The older one first, while the current one, or what counts in its place, still stands.
  if (isFaultless(current)) writeGeneration(PREVIOUS_LEDGER_FILE, current.text);
  else if (!isFaultless(previous))
    writeGeneration(PREVIOUS_LEDGER_FILE, encodeLedger(selectLedger(found) ?? ledger));
  writeGeneration(LEDGER_FILE, text);
  if (isRotten) return readGenerations(folder);
  const content = { kind: 'whole', ledger, bad: new Map<string, string>() } as const;
  return {
    current: { name: LEDGER_FILE, text, content },
    previous: { ...current, name: PREVIOUS_LEDGER_FILE },
  };
}

/** Sets aside what is not as it was written; a file that can still be read stays in its place until it is replaced. */
function keepEvidence(folder: string, { current, previous }: Generations): void {
  for (const generation of [previous, current]) {
    const { kind } = generation.content;
    if (kind !== 'missing' && !isFaultless(generation)) setAside(folder, generation.name, kind !== 'broken');
  }
}

function wrapError<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof CtrkitError) throw error;
    throw new CtrkitError('disk', `${what}: ${(error as Error).message}`, { cause: error });
  }
}
