import type { RowValues } from '../../../contract/rows.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { FeatureController } from './feature-controller.ts';

/** Redis' answer for a key that is no hash. Such a key must be in the way of its own feature only. */
const WRONG_TYPE = /WRONGTYPE/;

/**
 * Reads the rows of all these features in one step and lets each reconcile. If one of the rows can't be read, each feature
 * is read by itself, and `onBroken` gets the one that it belongs to. Throws CtrkitError('database').
 */
export async function reconcileFeatures(
  features: readonly FeatureController[],
  store: RowStore,
  onBroken: (feature: string, problem: string) => void,
): Promise<void> {
  const wanted = features.map((feature) => feature.selectRows());
  let rows: readonly RowValues[];
  try {
    rows = await store.read(wanted.flat());
  } catch (error) {
    const [first] = features;
    if (first === undefined || !(error instanceof Error) || !WRONG_TYPE.test(error.message)) throw error;
    if (features.length === 1) onBroken(first.name, error.message);
    else for (const feature of features) await reconcileFeatures([feature], store, onBroken);
    return;
  }
  let from = 0;
  for (const [i, feature] of features.entries()) {
    const to = from + (wanted[i]?.length ?? 0);
    feature.reconcile(rows.slice(from, to));
    from = to;
  }
}
