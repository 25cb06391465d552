import type { Databases } from '../../contract/databases.ts';
import { CtrkitError } from '../../contract/errors.ts';
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import type { RowWrite } from '../../contract/rows.ts';
import { planHostRenewal } from '../../decide/gate/host-mirror.ts';
import type { RowStore } from '../../ports/row-store.ts';

interface HostMirrorPorts {
  readonly store: RowStore;
  readonly databases: Databases;
  /** The row was not written: one line for people. */
  readonly onLeftOut: (problem: string) => void;
}

/**
 * Multi-ASIC: keeps `running` in the host's row, which its server may lose while the claim stands in the ASIC's. One command
 * for each heartbeat, which does not wait for it: the host's server may hang.
 */
export class HostMirrorUpdater {
  readonly #ports: HostMirrorPorts;
  readonly #writes: readonly RowWrite[];
  #isUnderWay = false;

  constructor({ feature, owner, isMirrored }: StoredClaim, ports: HostMirrorPorts) {
    const { hostState, asic } = ports.databases;
    const takesPart = owner === 'kube' && isMirrored && hostState !== undefined;
    this.#ports = ports;
    this.#writes = takesPart ? planHostRenewal({ feature, asic }) : [];
  }

  /** A heartbeat has been written. Does nothing while the command of an earlier one is under way. */
  renew(): void {
    if (this.#writes.length > 0 && !this.#isUnderWay) void this.#renew();
  }

  async #renew(): Promise<void> {
    const { store, onLeftOut } = this.#ports;
    this.#isUnderWay = true;
    try {
      await store.write([], this.#writes, onLeftOut);
    } catch (error) {
      if (!(error instanceof CtrkitError) || error.code !== 'database') throw error;
      onLeftOut(`the host's own row of the feature: ${error.message}`);
    } finally {
      this.#isUnderWay = false;
    }
  }
}
