/** The gate as a command (contract.md, section 3; SONiC: container_startup.py). */
import type { StoredClaim } from '../../contract/gate/claim-file.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { EXIT, exitCodeOfSignal } from '../../contract/exit-codes.ts';
import type { ClaimFile } from '../../ports/claim-file.ts';
import type { GatePorts, GateRequest, GateResult } from '../gate/gate.ts';
import { runLocalGate } from '../gate/local-gate.ts';

const SIGHUP = 1;

/** Returns the exit code; the application may start on 0 only. Throws CtrkitError('usage'). */
export async function runStartup(request: GateRequest, ports: GatePorts): Promise<number> {
  const asked = resumeClaim(request, ports);
  const result = await (asked.claim.owner === 'local' ? startLocal(asked, ports) : runKubeGate(asked, ports));
  return result === 'go' ? EXIT.ok : exitCodeOfSignal(SIGHUP);
}

/**
 * start.sh may be run again in a container whose application runs (`supervisorctl restart start`): what its agent
 * holds goes on under the same token, so the record has no gap and the host is not asked a second time. Who asked first stays
 * on record too: a gate by hand is outside of supervisord, and makes no image one that asks there.
 */
function resumeClaim(request: GateRequest, { claimFile }: GatePorts): GateRequest {
  const activeClaim = readActiveClaim(claimFile);
  const { feature, owner, version, dockerId } = request.claim;
  const isSame =
    activeClaim?.feature === feature && activeClaim.owner === owner && activeClaim.version === version;
  return isSame && activeClaim.dockerId === dockerId
    ? {
        ...request,
        isResumed: true,
        isOutside: activeClaim.isOutside,
        claim: { ...request.claim, token: activeClaim.token },
      }
    : request;
}

/** What can't be read is no reason not to start: a claim is made anew. */
function readActiveClaim(claimFile: ClaimFile): StoredClaim | undefined {
  try {
    const claim = claimFile.read();
    return claim?.isReleased === true ? undefined : claim;
  } catch (error) {
    if (error instanceof CtrkitError) return undefined;
    throw error;
  }
}

/** Owner local goes without anybody who renews its claim, too. */
async function startLocal(request: GateRequest, ports: GatePorts): Promise<GateResult> {
  const result = await runLocalGate(request, ports);
  const problem = result === 'go' ? await ports.ensureRenewal?.() : undefined;
  if (problem) ports.log.error(`starting, and nobody may renew the claim: ${problem}`);
  return result;
}

/** Loaded when it is needed: owner local decides nothing, and need not wait for what decides. */
async function runKubeGate(request: GateRequest, ports: GatePorts): Promise<GateResult> {
  const { KubeGate } = await import('../gate/kube-gate.ts');
  return new KubeGate(request, ports).run();
}
