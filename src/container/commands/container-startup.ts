/** The gate as a command (CONTRACT, section 3; SONiC: container_startup.py). */
import { EXIT, exitCodeOfSignal } from '../../contract/exit-codes.ts';
import type { GatePorts, GateRequest, GateResult } from '../gate/gate.ts';
import { passLocal } from '../gate/local-gate.ts';

const SIGHUP = 1;

/** Returns the exit code; the application may start on 0 only. Throws CtrkitError('usage'). */
export async function runStartup(request: GateRequest, ports: GatePorts): Promise<number> {
  // A claim of an earlier start says nothing of this one, and the agent must not renew it.
  ports.claimFile.remove();
  const result = await (request.claim.owner === 'local'
    ? passLocal(request, ports)
    : passKube(request, ports));
  return result === 'go' ? EXIT.ok : exitCodeOfSignal(SIGHUP);
}

/** Loaded when it is needed: owner local decides nothing, and need not wait for what decides. */
async function passKube(request: GateRequest, ports: GatePorts): Promise<GateResult> {
  const { KubeGate } = await import('../gate/kube-gate.ts');
  return new KubeGate(request, ports).pass();
}
