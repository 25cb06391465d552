/**
 * Which versions of a feature the files of the state folder block: operators' blocks, and the open fallbacks of the ledger. For
 * `container`, which every start of a feature waits for: what decodes a ledger is loaded only where there is an open fallback.
 */
import type { KnownBlocks } from '../../ports/known-blocks.ts';
import { findStateDir, type StatePlaces } from '../state-dir.ts';
import { readBlockFile } from './blocks/block-file.ts';
import { readWholeFile } from './disk/durable-file.ts';

/** As the ledger's own limit: a longer file is none. */
const MAX_LEDGER_BYTES = 8 * 1024 * 1024;
/** A list that is not empty, of whichever feature. */
const HAS_FALLBACK = /"fallbacks":\s*\[\s*\{/;

/** Throws nothing: what can't be read blocks nothing. `feature` is a legal name. */
export async function readKnownBlocks(places: StatePlaces, feature: string): Promise<KnownBlocks> {
  const folder = findStateDir(places);
  const found = await readFolder(folder, feature);
  // A daemon may have moved the state meanwhile.
  const now = findStateDir(places);
  return now === folder ? found : readFolder(now, feature);
}

async function readFolder(folder: string, feature: string): Promise<KnownBlocks> {
  const path = `${folder}/blocks/${feature}.json`;
  const blocks = readBlockFile(path, feature);
  const isBroken = typeof blocks === 'string';
  const fallbacks = await readFallbacks(folder, feature);
  return {
    versions: [
      ...new Set([...(isBroken ? [] : blocks.map(({ version }) => version)), ...fallbacks.versions]),
    ],
    problems: [...(isBroken ? [`${path} ${blocks}, and blocks nothing`] : []), ...fallbacks.problems],
  };
}

async function readFallbacks(folder: string, feature: string): Promise<KnownBlocks> {
  try {
    if (!mayHaveFallback(folder)) return { versions: [], problems: [] };
    const { createLedgerFile } = await import('./ledger/ledger-file.ts');
    const { ledger, problems } = createLedgerFile(folder).read();
    const entry = Object.hasOwn(ledger, feature) ? ledger[feature] : undefined;
    return { versions: (entry?.fallbacks ?? []).map(({ version }) => version), problems };
  } catch (error) {
    return { versions: [], problems: [`the ledger in ${folder} can't be read: ${(error as Error).message}`] };
  }
}

const mayHaveFallback = (folder: string): boolean =>
  ['ledger.json', 'ledger.previous.json'].some((name) => {
    const reading = readWholeFile(`${folder}/${name}`, MAX_LEDGER_BYTES);
    return reading.kind === 'unreadable' || (reading.kind === 'text' && HAS_FALLBACK.test(reading.text));
  });
