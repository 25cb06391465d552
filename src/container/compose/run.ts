import { keepHeapSmall } from '../../adapters/process/heap.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { assertInterpreter } from '../adapters/proc/assert-interpreter.ts';
import { createBuiltinSource } from '../adapters/builtin/builtin-source.ts';
import { readContainerId } from '../adapters/proc/container-id.ts';
import { readIdentityEvidence } from '../adapters/proc/own-identity.ts';
import { watchParents } from '../adapters/proc/parents.ts';
import { watchSignals } from '../adapters/proc/signals.ts';
import { startCommand } from '../adapters/proc/start-command.ts';
import { createCommandRecord, type CommandRecord } from '../adapters/run-folder/command-record.ts';
import { Agent } from '../agent/agent.ts';
import { runStartup } from '../commands/container-startup.ts';
import { parseRunOptions, type RunOptions } from '../commands/run-options.ts';
import type { Log } from '../../ports/log.ts';
import { createOwnClaimFile } from '../run/own-claim-file.ts';
import { runApplication } from '../run/run-application.ts';
import { createConfigurationSource, createHooks, readChecks } from './agent-ports.ts';
import { buildContainerPorts } from './container-ports.ts';
import { isOnlyAgent } from './only-agent.ts';
import { buildPlainAgentPorts } from './plain-agent-ports.ts';
import { serveHttp } from './serve-http.ts';

type ContainerPorts = ReturnType<typeof buildContainerPorts>;

/** `ctrkit_agent run`: gate, application and agent in an image without supervisord. Returns the exit code of the application. */
export async function runCommand(words: readonly string[]): Promise<number> {
  keepHeapSmall({ isMostlyIdle: true });
  const common = buildContainerPorts('ctrkit_agent');
  const { settings, log } = common;
  const options = parseRunOptions(words, readIdentityEvidence(process.env, settings.configDir));
  assertInterpreter(options.command[0] ?? '', process.env);
  if (!(await isOnlyAgent(common))) return EXIT.refused;
  const commandRecord = createCommandRecord(settings.runDir, common.containerStart, common.clock);
  if (!(await endLeft(commandRecord, log))) return EXIT.refused;
  const { forGate, forAgent, forget } = createOwnClaimFile(common.claimFile);
  const { ports, stopChecks } = await buildRunPorts({ ...common, claimFile: forAgent }, () => agent.notify());
  const agent = new Agent(ports, settings);
  const http = await serveHttp(common, () => ports.monitor.health.report());
  try {
    return await runApplication({
      ...common,
      agent,
      runGate: () => runGate({ ...common, claimFile: forGate }, options),
      forgetClaim: forget,
      startCommand: () =>
        startCommand(options.command, { onError: (text) => log.error(text), onStart: commandRecord.record }),
      onSignal: watchSignals,
    });
  } finally {
    stopChecks();
    await http?.close();
    // oxlint-disable-next-line no-process-exit, no-restricted-globals -- a gate that is held has no end to wait for; unref: nothing waits for this
    setTimeout(() => process.exit(), 100).unref();
  }
}

/** Two applications would run: false where what was left does not end. */
async function endLeft(commandRecord: CommandRecord, log: Log): Promise<boolean> {
  const left = await commandRecord.endLeft();
  if (left === 'ended') log.warn('an earlier run was killed, and its command went on: ended it');
  if (left === 'running')
    log.error(
      'the command of an earlier run, which was killed, does not end: this one ends, and starts nothing',
    );
  return left !== 'running';
}

async function buildRunPorts(common: ContainerPorts, onChange: () => void) {
  const { config, errors } = await readChecks(common);
  const hooks = createHooks(common, config);
  const sources = [
    hooks,
    createBuiltinSource(config.builtin, common.clock),
    createConfigurationSource([() => errors], config.timing),
  ];
  const { startupGraceMs } = config;
  const ports = buildPlainAgentPorts(common, {
    application: process.pid,
    sources,
    startupGraceMs,
    onChange,
  });
  return { ports, stopChecks: () => hooks.stop() };
}

function runGate(common: ContainerPorts, options: RunOptions): Promise<number> {
  const { settings, containerStart, token, ...ports } = common;
  const { localDbWaitMs, heartbeatIntervalMs } = settings;
  const { redisUrl, once, feature, owner, version } = options;
  const claim = { feature, owner, version, dockerId: readContainerId(process.env), token };
  return runStartup(
    { claim, once, redisUrl, containerStart, isOutside: false, localDbWaitMs, heartbeatIntervalMs },
    { ...ports, findDatabases: () => ports.findDatabases(redisUrl), isOrphaned: watchParents(process.env) },
  );
}
