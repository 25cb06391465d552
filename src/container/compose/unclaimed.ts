import type { Claim } from '../../contract/gate/claim.ts';
import { findOwnIdentity } from '../../decide/gate/own-identity.ts';
import { readContainerId } from '../adapters/proc/container-id.ts';
import { readIdentityEvidence } from '../adapters/proc/own-identity.ts';
import { createProcessTree } from '../adapters/proc/process-tree.ts';
import type { CriticalExitController } from '../agent/critical-exit-controller.ts';
import { RecordedClaimFinder } from '../agent/recorded-claim-finder.ts';
import { UnclaimedController } from '../agent/unclaimed-controller.ts';
import type { ProcessChecks } from '../health/processes/process-checks.ts';
import { writeClaimFile } from '../gate/gate.ts';
import type { buildContainerPorts } from './container-ports.ts';

type ContainerPorts = ReturnType<typeof buildContainerPorts>;

/** What watches the container while it has no claim. */
export function createUnclaimed(
  ports: ContainerPorts,
  parts: {
    readonly processes: Pick<ProcessChecks, 'readPrograms'>;
    readonly criticalExit: Pick<CriticalExitController, 'containerEnd'>;
    readonly wake: () => void;
  },
): UnclaimedController {
  const { settings } = ports;
  const recorded = new RecordedClaimFinder({ ...ports, readDockerId: () => readContainerId(process.env) });
  return new UnclaimedController(
    {
      ...ports,
      wake: parts.wake,
      readPrograms: () => parts.processes.readPrograms(),
      containerEnd: parts.criticalExit.containerEnd,
      processTree: createProcessTree(process.env['SUPERVISOR_ENABLED'] === '1'),
      readIdentity: () => findOwnIdentity(readIdentityEvidence(process.env, settings.configDir)),
      restoreClaim: (identity) => recorded.restore(identity),
      writeLocalClaim: (identity) => writeLocalClaim(ports, identity),
    },
    settings.ungated,
  );
}

/** As the gate of owner local leaves it where its database is away: the agent records it. */
function writeLocalClaim(
  { token, containerStart, clock, claimFile }: ContainerPorts,
  identity: Pick<Claim, 'feature' | 'version'>,
): void {
  const claim: Claim = { ...identity, owner: 'local', dockerId: readContainerId(process.env), token };
  const state = { isRecorded: false, isMirrored: false };
  writeClaimFile({ claim, containerStart, redisUrl: '', isOutside: true }, { clock, claimFile }, state);
}
