import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeServedAs } from '../../../contract/cluster/admin-config.ts';
import type { ClusterToolSettings } from '../../../ports/cluster-tools.ts';
import type { MembershipFiles } from '../../../ports/membership-files.ts';
import { createFolder, readWholeFile, removeDurably, writeDurably } from '../disk/durable-file.ts';
import { MAX_ADMIN_CONFIG_BYTES } from './admin-config-size.ts';
import type { UnfinishedMark } from './unfinished-mark.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';

export class HostMembershipFiles implements MembershipFiles {
  readonly kubeletConfigPath: string;
  readonly #adminConfigPath: string;
  readonly #oldAdminConfigPath: string | undefined;
  readonly #mark: UnfinishedMark;

  constructor(
    {
      kubeletConfigPath,
      adminConfigPath,
      oldAdminConfigPath,
    }: Pick<ClusterToolSettings, 'kubeletConfigPath' | 'adminConfigPath' | 'oldAdminConfigPath'>,
    mark: UnfinishedMark,
  ) {
    this.kubeletConfigPath = kubeletConfigPath;
    this.#adminConfigPath = adminConfigPath;
    this.#oldAdminConfigPath = oldAdminConfigPath;
    this.#mark = mark;
  }

  hasJoined(): boolean {
    return existsSync(this.kubeletConfigPath);
  }

  isUnfinished(): boolean {
    return this.#mark.isSet();
  }

  findStaticPod(): string | undefined {
    // The folder that kubeadm has kubelet read. A join as a worker node puts nothing there.
    const folder = join(dirname(this.kubeletConfigPath), 'manifests');
    if (!existsSync(folder)) return undefined;
    const names = wrapDiskError(folder, 'read', () => readdirSync(folder));
    const name = names.find((entry) => !entry.startsWith('.'));
    return name === undefined ? undefined : join(folder, name);
  }

  findJoinedServer(): string | undefined {
    try {
      const [path, oldPath] = [this.#adminConfigPath, this.#oldAdminConfigPath];
      const reading = readWholeFile(path, MAX_ADMIN_CONFIG_BYTES);
      const counting =
        reading.kind === 'missing' && oldPath !== undefined
          ? readWholeFile(oldPath, MAX_ADMIN_CONFIG_BYTES)
          : reading;
      return counting.kind === 'text' ? decodeServedAs(counting.text) : undefined;
    } catch {
      // The server is only shown to people: what can't be read is not known.
      return undefined;
    }
  }

  writeAdminConfig(text: string): void {
    const path = this.#adminConfigPath;
    wrapDiskError(path, 'written', () => {
      createFolder(dirname(path));
      writeDurably(path, text, `${path}.tmp`, 0o600);
    });
    this.#removeOld();
  }

  removeAdminConfig(): void {
    const path = this.#adminConfigPath;
    wrapDiskError(path, 'removed', () => {
      rmSync(`${path}.tmp`, { force: true });
      removeDurably(path);
    });
    this.#removeOld();
    this.#mark.clear();
  }

  /** Keys of a master that the switch has left, or has another configuration of. */
  #removeOld(): void {
    const path = this.#oldAdminConfigPath;
    if (path !== undefined) wrapDiskError(path, 'removed', () => removeDurably(path));
  }
}
