import { createOwnProcessTest } from '../adapters/proc/ancestry.ts';
import { PolicyReader } from '../agent/policy-reader.ts';
import { RestartCounter } from '../health/restart-counter.ts';
import type { CheckSource } from '../../ports/check.ts';
import { createMonitor, watchRunFolder } from './agent-ports.ts';
import type { buildContainerPorts } from './container-ports.ts';

type ContainerPorts = ReturnType<typeof buildContainerPorts>;

/** How often an agent without a supervisord looks for a claim; inotify tells of it. */
const IDLE_POLL_MS = 5_000;

interface PlainParts {
  /** The process of the application, or the one that starts it. */
  readonly application: number;
  readonly sources: readonly CheckSource[];
  readonly startupGraceMs: number;
  /** Why nothing is checked, where nothing is. */
  readonly unchecked?: string;
  readonly onChange: () => void;
}

/** Adds to the ports of every command what an agent needs that has no supervisord: no process is watched, and none ended. */
export function buildPlainAgentPorts(ports: ContainerPorts, parts: PlainParts) {
  const { application, startupGraceMs, sources, onChange, ...unchecked } = parts;
  const restarts = new RestartCounter(onChange, ports.clock);
  return {
    ...ports,
    monitor: createMonitor(ports, { config: { startupGraceMs }, sources, restarts, onChange, ...unchecked }),
    policyReader: new PolicyReader(() => []),
    criticalExit: { reconcile: () => {} },
    unclaimed: { finding: { text: '' }, passClaim: () => {}, reconcile: async () => IDLE_POLL_MS },
    watchFiles: watchRunFolder(ports),
    isOwnProcess: createOwnProcessTest(application),
  };
}
