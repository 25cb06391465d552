import { createBuiltinSource } from '../src/container/adapters/builtin/builtin-source.ts';
import { createHookSource } from '../src/container/adapters/hooks/hook-source.ts';
import { supervisorEnd, supervisorSocket } from '../src/container/adapters/proc/own-supervisor.ts';
import { processListFile } from '../src/container/adapters/process-lists.ts';
import { CLAIM_FILE } from '../src/container/adapters/run-folder/claim-file.ts';
import { watchFiles } from '../src/container/adapters/run-folder/files.ts';
import { GATE_NOTICE_FILE } from '../src/container/adapters/run-folder/gate-notice-file.ts';
import { healthFileIn } from '../src/container/adapters/run-folder/health-file.ts';
import { hastenStop } from '../src/container/adapters/supervisor/hasten-stop.ts';
import { createSupervisorClient } from '../src/container/adapters/supervisor/rpc-client.ts';
import { CriticalExit } from '../src/container/agent/critical-exit-controller.ts';
import { PolicyReader } from '../src/container/agent/policy-reader.ts';
import { timingOf } from '../src/container/health/checks-config/checks-config.ts';
import { readChecksConfig } from '../src/container/adapters/checks-file.ts';
import { HealthMonitor, STALE_AFTER_MS } from '../src/container/health/health-monitor.ts';
import { ConfigurationCheck } from '../src/container/health/configuration-check.ts';
import { ProcessChecks } from '../src/container/health/processes/process-checks.ts';
import { CRITICAL_KINDS, WATCHDOG_KINDS } from '../src/contract/health/process-list.ts';
import type { buildPorts } from './ports.ts';

/** Hooks at once; each is a process of its own, and the container has its application to run. */
const HOOKS_AT_ONCE = 4;
/** supervisord answers within milliseconds; a look may take two calls, and a check's own limit is 5 s. */
const SUPERVISOR_TIMEOUT_MS = 2_000;

type Ports = ReturnType<typeof buildPorts>;

/** What the agent is given beside what every command is: the monitor with all its checks. */
export async function buildAgentPorts(ports: Ports, onChange: () => void) {
  const { settings, clock, log, lastEnd } = ports;
  const { configDir, supervisorDir, runDir } = settings;
  const { config, errors } = await readChecks(ports);
  const listCritical = processListFile({
    path: `${supervisorDir}/critical_processes`,
    kinds: CRITICAL_KINDS,
  });
  const listWatched = processListFile({ path: `${supervisorDir}/watchdog_processes`, kinds: WATCHDOG_KINDS });
  const policyReader = new PolicyReader(() => listWatched().entries.map(({ name }) => name));
  const processes = new ProcessChecks({
    table: createSupervisorClient({
      ...socketOf(process.env),
      timeoutMs: Math.min(SUPERVISOR_TIMEOUT_MS, config.timing.timeoutMs / 2),
    }),
    clock,
    listCritical,
    listWatched,
    startProgram: () => config.startProgram,
    intervalsOf: policyReader.intervalsOf,
    timing: config.timing,
    onChange: (names) => names.forEach((name) => monitor.hasten(name)),
    onCriticalEnd: (end) => criticalExit.note(end, policyReader.policy),
    onUnexpectedExit: () => monitor.countRestart(),
  });
  const hooks = createHookSource({
    folders: { required: `${configDir}/checks/required.d`, wanted: `${configDir}/checks/wanted.d` },
    shippedHook: '/usr/bin/readiness_probe_hook',
    timingOf: (name) => timingOf(config, name),
    atOnce: HOOKS_AT_ONCE,
    env: process.env,
    clock,
    log,
  });
  const configuration = new ConfigurationCheck([() => errors, processes.getErrors], config.timing);
  const builtin = createBuiltinSource(config.builtin, clock);
  const configurationOnly = [configuration];
  const criticalExit = new CriticalExit(
    {
      clock,
      log,
      lastEnd,
      listEnds: () => processes.criticalEnds,
      endSupervisor: supervisorEnd(process.env),
    },
    settings.criticalExit,
  );
  const monitor = new HealthMonitor(
    {
      checks: [processes, hooks, builtin, { list: () => configurationOnly }],
      clock,
      log,
      file: healthFileIn(runDir),
      onChange,
    },
    {
      startupGraceMs: config.startupGraceMs,
      staleAfterMs: STALE_AFTER_MS,
      isHeldReady: settings.isHeldReady,
    },
  );
  return {
    ...ports,
    monitor,
    policyReader,
    criticalExit,
    watchFiles: (listener: () => void) => watchFiles(runDir, [CLAIM_FILE, GATE_NOTICE_FILE], listener),
    onProcessEvent: processes.apply,
    stopChecks: () => hooks.stop(),
    hastenStop: () => hastenStop(supervisorSocket(process.env)),
  };
}

async function readChecks({ settings, log }: Ports) {
  const path = `${settings.configDir}/checks.toml`;
  const { config, errors, warnings } = await readChecksConfig(path);
  for (const warning of warnings) log.warn(warning);
  const named = errors.map((error) => `${path}: ${error}`);
  for (const error of named) log.error(`${error}; the defaults are used`);
  return { config, errors: named };
}

function socketOf(env: NodeJS.ProcessEnv): { socketPath?: string } {
  const socketPath = supervisorSocket(env);
  return socketPath === undefined ? {} : { socketPath };
}
