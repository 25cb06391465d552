import { readFileSync } from 'node:fs';
import type { RemoteConfig } from '../../ports/remote-config.ts';

/** SONiC's timers of features that Kubernetes may run. Only images that are built for that have the file. */
const REMOTE_CONFIG_PATH = '/etc/sonic/remote_ctr.config.json';

/** Never throws: a broken file leaves every timer at its default. */
export function readRemoteConfig(path = REMOTE_CONFIG_PATH): RemoteConfig {
  try {
    const values: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof values === 'object' && values !== null && !Array.isArray(values))
      return { values: values as Record<string, unknown>, warning: undefined };
    return { values: {}, warning: `${path} is no JSON object; the defaults are used` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { values: {}, warning: undefined };
    return {
      values: {},
      warning: `${path} can't be read: ${(error as Error).message}; the defaults are used`,
    };
  }
}
