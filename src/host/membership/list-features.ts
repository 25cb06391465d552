import type { SwitchTables } from '../../ports/switch-tables.ts';

/**
 * The features of CONFIG_DB and of STATE_DB: in the middle of a `config reload` CONFIG_DB has none, and a leave would miss what
 * Kubernetes runs. Throws CtrkitError('database').
 */
export async function listEveryFeature(tables: Pick<SwitchTables, 'listFeatures'>): Promise<string[]> {
  const names = [...(await tables.listFeatures()), ...(await tables.listFeatures('state'))];
  return [...new Set(names)].toSorted();
}
