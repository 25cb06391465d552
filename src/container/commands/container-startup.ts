/** The gate as a command (CONTRACT, section 3; SONiC: container_startup.py). */
import { EXIT, exitCodeOfSignal } from '../../contract/exit-codes.ts';
import type { GatePorts, GateRequest } from '../gate/gate.ts';
import { KubeGate } from '../gate/kube-gate.ts';
import { passLocal } from '../gate/local-gate.ts';

const SIGHUP = 1;

/** Returns the exit code; the application may start on 0 only. Throws CtrkitError('usage'). */
export async function runStartup(request: GateRequest, ports: GatePorts): Promise<number> {
  // A claim of an earlier start says nothing of this one, and the agent must not renew it.
  ports.claimFile.remove();
  const { owner } = request.claim;
  const result = await (owner === 'local' ? passLocal(request, ports) : new KubeGate(request, ports).pass());
  return result === 'go' ? EXIT.ok : exitCodeOfSignal(SIGHUP);
}
