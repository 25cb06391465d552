import { statSync } from 'node:fs';
import type { Environment } from '../../../contract/environment.ts';
import type { IdentityEvidence } from '../../../contract/gate/identity-evidence.ts';
import { readRegularFile } from '../regular-file.ts';

const FEATURE_FILE = 'feature';
const MAX_BYTES = 256;
/** Kubernetes creates it in each of its containers. */
const TERMINATION_LOG = '/dev/termination-log';

/** Reads what the container knows of itself. What can't be read counts as absent. `configDir` has the file `feature`. */
export function readIdentityEvidence(env: Environment, configDir: string): IdentityEvidence {
  return {
    feature: env['CTRKIT_FEATURE'] ?? '',
    featureFile: readFeatureFile(`${configDir}/${FEATURE_FILE}`),
    containerName: env['CONTAINER_NAME'] ?? '',
    namespaceId: env['NAMESPACE_ID'] ?? '',
    runtimeOwner: env['RUNTIME_OWNER'] ?? '',
    imageVersion: env['IMAGE_VERSION'] ?? '',
    isInPod: (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '' || isFile(TERMINATION_LOG),
  };
}

function readFeatureFile(path: string): string {
  try {
    return readRegularFile(path, MAX_BYTES).content.toString('latin1');
  } catch {
    return '';
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
