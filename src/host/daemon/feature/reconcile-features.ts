import type { RowValues } from '../../../contract/rows.ts';
import type { RowStore } from '../../../ports/row-store.ts';
import type { FeatureController } from './feature-controller.ts';

/** What Redis says of a key that is no hash: whoever wrote it, it is in the way of one feature only. */
const WRONG_TYPE = /WRONGTYPE/;

/**
 * All rows of all these features in one reading; a feature at a time where one of them can't be read as it is, which
 * `onBroken` is told. Throws CtrkitError('database').
 */
export async function reconcileFeatures(
  features: readonly FeatureController[],
  store: RowStore,
  onBroken: (name: string, why: string) => void,
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
  features.forEach((feature, i) => {
    const to = from + (wanted[i]?.length ?? 0);
    feature.reconcile(rows.slice(from, to));
    from = to;
  });
}
