import { encodeUrlHost } from '../../../contract/cluster/master-config.ts';
import { CtrkitError } from '../../../contract/errors.ts';
import type {
  AdminConfigSource,
  AdminConfigText,
  ServerAddress,
} from '../../../ports/admin-config-source.ts';
import type { ClusterToolSettings } from '../../../ports/cluster-tools.ts';
import { readWholeFile } from '../disk/durable-file.ts';
import { MAX_ADMIN_CONFIG_BYTES } from './admin-config-size.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';

export class HostAdminConfigSource implements AdminConfigSource {
  readonly #settings: Pick<ClusterToolSettings, 'adminConfigUrl' | 'caPath'>;

  constructor(settings: Pick<ClusterToolSettings, 'adminConfigUrl' | 'caPath'>) {
    this.#settings = settings;
  }

  async fetchAdminConfig(
    { ip, port, isInsecure }: ServerAddress,
    signal: AbortSignal,
  ): Promise<AdminConfigText> {
    const { adminConfigUrl, caPath } = this.#settings;
    const url = adminConfigUrl.replaceAll('{ip}', encodeUrlHost(ip)).replaceAll('{port}', `${port}`);
    // Loaded when used: the daemon of a switch without a server has no use for https.
    const { fetchAdminConfig } = await import('./fetch-admin-config.ts');
    const text = await fetchAdminConfig({ url, isInsecure, caPath, signal });
    return { text, origin: new URL(url).host };
  }

  readAdminConfig(path: string): AdminConfigText {
    const reading = wrapDiskError(path, 'read', () => readWholeFile(path, MAX_ADMIN_CONFIG_BYTES));
    if (reading.kind === 'text') return { text: reading.text, origin: path };
    const reason = reading.kind === 'missing' ? 'there is no such file' : reading.why;
    throw new CtrkitError('disk', `${path} can't be read: ${reason}`);
  }
}
