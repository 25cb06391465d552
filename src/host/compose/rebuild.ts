import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEngineAddress } from '../adapters/docker/engine-address.ts';
import { createImageArchives } from '../adapters/docker/image-archives.ts';
import { createKubeletUnit } from '../adapters/reboot/kubelet-unit.ts';
import { createNodeArchives } from '../adapters/rebuild/node-archives.ts';
import { createNodeFiles, type NodeFilePath } from '../adapters/rebuild/node-files.ts';
import { assertSingle } from '../adapters/single-instance.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { findKnownPath, type KnownPath } from '../../decide/rebuild/known-paths.ts';
import { placeAdminConfig, readMembershipSettings } from '../membership/settings.ts';
import { chooseNodeName } from '../node-name.ts';
import type { RebuildSide } from '../rebuild/rebuild-ports.ts';

export interface RebuildOptions {
  /** What stands for /, empty for / itself. */
  readonly root: string;
  readonly stateDir: string;
  /** Where the daemon's lock is. */
  readonly runDir: string;
  readonly engineAddress: string;
}

/** What exports and imports a node. Throws CtrkitError('usage'). */
export function buildRebuildSide({ root, stateDir, runDir, engineAddress }: RebuildOptions): RebuildSide {
  const settings = readMembershipSettings(process.env, hostname);
  const name = chooseNodeName(process.env, hostname);
  const places: Readonly<Record<KnownPath['place'], string>> = {
    state: stateDir,
    'kubelet-config': join('/', root, settings.kubeletConfigPath),
    // With the state, wherever that is.
    'admin-config': placeAdminConfig(settings, stateDir).adminConfigPath,
    ca: join('/', root, dirname(settings.kubeletConfigPath), 'pki/ca.crt'),
    root: join('/', root),
    engine: '',
  };
  const locate = (path: string): NodeFilePath | undefined => {
    const known = findKnownPath(path);
    if (known === undefined || known.place === 'engine') return undefined;
    return { path: join(places[known.place], known.below), mode: known.mode, maxBytes: known.maxBytes };
  };
  return {
    files: createNodeFiles({ locate, stateDir, root }),
    archives: createNodeArchives((path) => findKnownPath(path)?.maxBytes),
    images: createImageArchives(parseEngineAddress(engineAddress)),
    // Another root is another system's: its kubelet is not this one.
    kubelet: createKubeletUnit(['systemctl'], root === '' ? settings.kubeletUnit : ''),
    nodeName: () => (name.findJoinFault() === undefined ? name.read() : ''),
    holdDaemon: () => holdDaemon(stateDir, runDir),
  };
}

/** The daemon's own name. */
async function holdDaemon(stateDir: string, runDir: string): Promise<(() => void) | undefined> {
  try {
    const lock = await assertSingle({ folder: runDir, program: 'ctrkitd', subject: stateDir });
    return () => lock.close();
  } catch (error) {
    if (error instanceof CtrkitError && error.code === 'usage') return undefined;
    throw error;
  }
}
