import type { SwitchTables } from '../../ports/switch-tables.ts';

/**
 * Those of CONFIG_DB, and those that are only on record: in the middle of a `config reload` CONFIG_DB has none, and what
 * Kubernetes runs would be left without a container. Throws CtrkitError('database').
 */
export async function listEveryFeature(tables: Pick<SwitchTables, 'listFeatures'>): Promise<string[]> {
  const names = [...(await tables.listFeatures()), ...(await tables.listFeatures('state'))];
  return [...new Set(names)].toSorted();
}
