import type { RowValues } from '../../../contract/rows.ts';
import { readInBatches } from '../../../loop/read-in-batches.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { FeatureController } from './feature-controller.ts';

/** Redis' answer for a key that is no hash. Such a key must be in the way of its own feature only. */
const WRONG_TYPE = /WRONGTYPE/;

/**
 * Reads the rows of each of these features in one step and lets it reconcile. If one of the rows can't be read, each feature
 * is read by itself, and `onBroken` gets the one that it belongs to. Throws CtrkitError('database').
 */
export async function reconcileFeatures(
  features: readonly FeatureController[],
  store: RowStore,
  onBroken: (feature: string, problem: string) => void,
): Promise<void> {
  let rows: readonly RowValues[][];
  try {
    rows = await readInBatches(
      store,
      features.map((feature) => feature.selectRows()),
    );
  } catch (error) {
    const [first] = features;
    if (first === undefined || !(error instanceof Error) || !WRONG_TYPE.test(error.message)) throw error;
    if (features.length === 1) onBroken(first.name, error.message);
    else for (const feature of features) await reconcileFeatures([feature], store, onBroken);
    return;
  }
  for (const [i, feature] of features.entries()) feature.reconcile(rows[i] ?? []);
}
