import { systemClock } from '../../adapters/clock.ts';
import { createBuiltinSource } from '../adapters/builtin/builtin-source.ts';
import { createHookRecord } from '../adapters/hooks/hook-record.ts';
import { createHookSource } from '../adapters/hooks/hook-source.ts';
import { restoreEnvironment } from '../adapters/proc/gate-settings.ts';
import { createOwnProcessTest } from '../adapters/proc/ancestry.ts';
import { readIdentityEvidence } from '../adapters/proc/own-identity.ts';
import { createSupervisorStop, findSupervisorSocket } from '../adapters/proc/own-supervisor.ts';
import { createProcessListReader } from '../adapters/process-lists.ts';
import { CLAIM_FILE } from '../adapters/run-folder/claim-file.ts';
import { watchFiles } from '../adapters/run-folder/files.ts';
import { GATE_NOTICE_FILE } from '../adapters/run-folder/gate-notice-file.ts';
import { createHealthFile } from '../adapters/run-folder/health-file.ts';
import { hastenStop } from '../adapters/supervisor/hasten-stop.ts';
import { isSupervisorStopping } from '../adapters/supervisor/own-stop.ts';
import { createSupervisorClient } from '../adapters/supervisor/rpc-client.ts';
import { CriticalExitController } from '../agent/critical-exit-controller.ts';
import { PolicyReader } from '../agent/policy-reader.ts';
import { findTiming, type ChecksConfig } from '../health/checks-config/checks-config.ts';
import { readChecksConfig } from '../adapters/checks-file.ts';
import { HealthMonitor } from '../health/health-monitor.ts';
import { findOwnIdentity } from '../../decide/gate/own-identity.ts';
import { nameNamespace } from '../../decide/health/exit-listener-text.ts';
import { UNKNOWN_KEEPS_RESULT_MS } from '../../decide/health/decide-health.ts';
import { RestartCounter } from '../health/restart-counter.ts';
import { ConfigurationCheck, type GetErrors } from '../health/configuration-check.ts';
import { ProcessChecks } from '../health/processes/process-checks.ts';
import { CRITICAL_KINDS, WATCHDOG_KINDS, type ProcessEntry } from '../../contract/health/process-list.ts';
import { isRebootExpected } from '../../contract/feature/switch-rows.ts';
import type { CheckTiming } from '../../contract/health/check.ts';
import type { CheckSource } from '../../ports/check.ts';
import type { Environment } from '../../contract/environment.ts';
import type { buildContainerPorts } from './container-ports.ts';
import { createUnclaimed } from './unclaimed.ts';

/** Hooks at once; each is a process of its own, and the container has its application to run. */
const HOOKS_AT_ONCE = 4;
/** supervisord answers within milliseconds; a reading may take two calls, and a check's own limit is 5 s. */
const SUPERVISOR_TIMEOUT_MS = 2_000;

type ContainerPorts = ReturnType<typeof buildContainerPorts>;

/**
 * Adds to the ports of every command of the container side what the agent needs: the health monitor with all its checks.
 * `onChange` is called when the status changes.
 */
export async function buildAgentPorts(ports: ContainerPorts, onChange: () => void) {
  const { config, errors } = await readChecks(ports);
  const lists = listProcessFiles(ports.settings.supervisorDir);
  const policyReader = new PolicyReader(() => lists.listWatched().entries.map(({ name }) => name));
  const restarts = new RestartCounter(onChange, ports.clock);
  const processes = new ProcessChecks({
    table: createProcessTable(config),
    clock: ports.clock,
    ...lists,
    startProgram: () => ({ name: config.startProgram, isNamed: config.isStartNamed }),
    intervalsOf: policyReader.intervalsOf,
    isRebooting: () => isRebootExpected(policyReader.policy.rebootSinceMs, ports.clock.bootMs()),
    timing: config.timing,
    onChange: (names) => {
      for (const name of names) monitor.hasten(name);
      unclaimed.applyChange();
    },
    onUnknownEntry: (entry) => logUnknownEntry(ports, entry),
    onCriticalEnd: (end) => criticalExit.recordEnd(end, policyReader.policy),
    onUnexpectedExit: () => restarts.count(),
  });
  const hooks = createHooks(ports, config);
  const configuration = createConfigurationSource([() => errors, processes.getErrors], config.timing);
  const sources = [processes, hooks, createBuiltinSource(config.builtin, ports.clock), configuration];
  const criticalExit = createCriticalExit(ports, processes);
  const unclaimed = createUnclaimed(ports, { processes, criticalExit, wake: onChange });
  const monitor = createMonitor(ports, { config, sources, restarts, onChange });
  return {
    ...ports,
    monitor,
    policyReader,
    criticalExit,
    unclaimed,
    watchFiles: watchRunFolder(ports),
    isOwnProcess: createOwnProcessTest(process.ppid),
    processEvents: processes,
    stopChecks: () => [hooks, processes, restarts].forEach((part) => part.stop()),
    ...SUPERVISOR_STOP,
  };
}

export const watchRunFolder =
  ({ settings }: ContainerPorts) =>
  (listener: () => void) =>
    watchFiles(settings.runDir, [CLAIM_FILE, GATE_NOTICE_FILE], listener);

function logUnknownEntry({ log, settings }: ContainerPorts, { kind, name }: ProcessEntry): void {
  const list = `a list in ${settings.supervisorDir} names`;
  log.warn(`supervisord has no ${kind} "${name}", which ${list}: it is not checked`);
}

export function createConfigurationSource(sources: readonly GetErrors[], timing: CheckTiming): CheckSource {
  const checks = [new ConfigurationCheck(sources, timing)];
  return { list: () => checks };
}

const listProcessFiles = (folder: string) => ({
  listCritical: createProcessListReader({ path: `${folder}/critical_processes`, kinds: CRITICAL_KINDS }),
  listWatched: createProcessListReader({ path: `${folder}/watchdog_processes`, kinds: WATCHDOG_KINDS }),
});

/** The stop of supervisord, as the agent sees and hastens it. */
const SUPERVISOR_STOP = {
  hastenStop: () => hastenStop(systemClock, findSupervisorSocket(process.env)),
  isSupervisorStopping,
};

const createProcessTable = ({ timing }: ChecksConfig) =>
  createSupervisorClient({
    ...findSocket(process.env),
    timeoutMs: Math.min(SUPERVISOR_TIMEOUT_MS, timing.timeoutMs / 2),
  });

export function createHooks({ settings, clock, log, containerStart }: ContainerPorts, config: ChecksConfig) {
  const record = createHookRecord(settings.runDir, containerStart);
  const left = record.endLeft();
  if (left > 0) log.warn(`killed what an agent that is gone had left of its hooks: ${left}`);
  const folder = `${settings.configDir}/checks`;
  return createHookSource({
    folders: { required: `${folder}/required.d`, wanted: `${folder}/wanted.d` },
    shippedHook: '/usr/bin/readiness_probe_hook',
    findTiming: (name) => findTiming(config, name),
    atOnce: HOOKS_AT_ONCE,
    env: restoreEnvironment(process.env),
    clock,
    log,
    record,
  });
}

function createCriticalExit(ports: ContainerPorts, processes: ProcessChecks): CriticalExitController {
  const endSupervisor = createSupervisorStop(process.env);
  const parts = {
    ...ports,
    endSupervisor,
    listEnds: () => processes.criticalEnds,
    namespace: nameNamespace(process.env['NAMESPACE_PREFIX'] ?? '', ports.settings.namespaceId),
    findFeature: () => findFeature(ports),
  };
  return new CriticalExitController(parts, ports.settings.criticalExit);
}

/** The claim's, else what names the container otherwise; empty for neither. */
function findFeature({ claimFile, settings }: ContainerPorts): string {
  try {
    const claim = claimFile.read();
    if (claim !== undefined) return claim.feature;
  } catch {
    // A file that can't be read says nothing.
  }
  return findOwnIdentity(readIdentityEvidence(process.env, settings.configDir)).feature ?? '';
}

export function createMonitor(
  { clock, log, settings, anchor }: ContainerPorts,
  parts: {
    config: Pick<ChecksConfig, 'startupGraceMs'>;
    sources: readonly CheckSource[];
    restarts: RestartCounter;
    onChange: () => void;
    unchecked?: string;
  },
): HealthMonitor {
  const { config, sources, restarts, onChange, ...unchecked } = parts;
  const file = createHealthFile(settings.runDir);
  const { startupGraceMs } = config;
  return new HealthMonitor(
    { checks: sources, clock, log, file, anchor, restarts, onChange },
    {
      startupGraceMs,
      unknownAfterMs: UNKNOWN_KEEPS_RESULT_MS,
      isHeldReady: settings.isHeldReady,
      ...unchecked,
    },
  );
}

export async function readChecks({ settings, log }: ContainerPorts) {
  const path = `${settings.configDir}/checks.toml`;
  const { config, errors, warnings } = await readChecksConfig(path);
  for (const warning of warnings) log.warn(warning);
  const named = errors.map((error) => `${path}: ${error}`);
  for (const error of named) log.error(`${error}; the defaults are used`);
  return { config, errors: named };
}

function findSocket(env: Environment): { socketPath?: string } {
  const socketPath = findSupervisorSocket(env);
  return socketPath === undefined ? {} : { socketPath };
}
