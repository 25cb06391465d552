import { CtrkitError } from '../../../../contract/errors.ts';
import { protectImages, type ProtectedImages } from '../../../reboot/protect-images.ts';
import type { CtrkitPorts } from '../reading/ports.ts';
import { withDatabases } from '../reading/with-databases.ts';

type Ports = Pick<
  CtrkitPorts,
  'openDatabases' | 'openEngine' | 'ledger' | 'locks' | 'blocks' | 'clock' | 'readLocalRepositories'
>;

/**
 * Makes the best image of a feature the local one, or, where `feature` is undefined, of each that Kubernetes is to run. What is
 * away is a problem: a reboot does not wait for it.
 */
export async function protectLocalImages(
  feature: string | undefined,
  ports: Ports,
  redisUrl: string,
): Promise<ProtectedImages> {
  try {
    return await withDatabases(ports, redisUrl, async ({ store, tables }) => {
      const names = await tables.listFeatures();
      const features = feature === undefined ? names : names.filter((name) => name === feature);
      if (feature !== undefined && features.length === 0)
        return { done: [], left: [`${feature}: CONFIG_DB FEATURE has no such feature`], problems: [] };
      const engine = await ports.openEngine();
      const { ledger, locks, blocks, clock } = ports;
      const mapped = ports.readLocalRepositories().repositories;
      return protectImages(features, { store, engine, ledger, locks, blocks, clock, mapped });
    });
  } catch (error) {
    if (!(error instanceof CtrkitError)) throw error;
    return { done: [], left: [], problems: [`the local images are as they were: ${error.message}`] };
  }
}
