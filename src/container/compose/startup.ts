import { systemClock } from '../../adapters/clock.ts';
import { createCommandLog } from '../../adapters/log/command-log.ts';
import { runAndReport } from '../../adapters/process/run-main.ts';
import { writeAnswer } from '../../adapters/process/write-answer.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import type { Owner } from '../../contract/feature/feature.ts';
import type { Claim } from '../../contract/gate/claim.ts';
import type { Log } from '../../ports/log.ts';
import type { StoppedCaller } from '../../ports/stopped-caller.ts';
import { readContainerId } from '../adapters/proc/container-id.ts';
import { findApplication, findLauncher, watchParents } from '../adapters/proc/parents.ts';
import { findStoppedCaller } from '../adapters/proc/stopped-caller.ts';
import { createHealthFile } from '../adapters/run-folder/health-file.ts';
import { cutCommand } from '../commands/arguments.ts';
import { runStartup } from '../commands/container-startup.ts';
import { parseStartupOptions, STARTUP_HELP, type StartupOptions } from '../commands/startup-options.ts';
import { hasAgent } from '../gate/agent-word.ts';
import { holdCaller, lookAtCaller } from '../gate/caller-hold.ts';
import { buildContainerPorts } from './container-ports.ts';

type ContainerPorts = ReturnType<typeof buildContainerPorts>;

const NAME = 'container_startup';
/** A signal to the whole process group reaches this process and its caller one after the other, in any order. */
const GROUP_SIGNAL_MS = 50;
/** A shell that dies of the signal has done so by then. */
const CALLER_END_MS = 200;

/** `container_startup` with its adapters; `words` follow the command's name. Returns the exit code. */
export async function runContainerStartup(words: readonly string[]): Promise<number> {
  const caller = findStoppedCaller(process.env);
  if (caller === undefined) return runGate(words);
  lookAtCallerBeforeEnd(caller);
  const log = createCommandLog(NAME, process.env['CTRKIT_LOG']);
  return holdCaller({ caller, clock: systemClock, log }, () => runAndReport(NAME, () => runGate(words)));
}

async function runGate(words: readonly string[]): Promise<number> {
  const options = parseStartupOptions(words);
  if (options === undefined) {
    writeAnswer(NAME, STARTUP_HELP);
    return EXIT.ok;
  }
  const common = buildContainerPorts(NAME);
  await lookAtCommand(words, common.log);
  const { settings, containerStart, token, ...ports } = common;
  const { localDbWaitMs, heartbeatIntervalMs } = settings;
  const { redisUrl, once } = options;
  const identity = await findIdentity(options, settings.configDir);
  const claim = { ...identity, dockerId: readContainerId(process.env), token };
  const isOutside = process.env['SUPERVISOR_ENABLED'] !== '1';
  const notice = await createNoticeFile(common, claim.owner);
  try {
    return await runStartup(
      { claim, once, redisUrl, containerStart, isOutside, localDbWaitMs, heartbeatIntervalMs },
      {
        ...ports,
        ...notice,
        findDatabases: () => ports.findDatabases(redisUrl),
        isOrphaned: watchParents(process.env),
        ensureRenewal: () => ensureRenewal(common, claim.owner),
      },
    );
  } finally {
    notice.stop();
  }
}

/** The launcher has seen that COMMAND is there. Throws CtrkitError('command') for a script that can't run. */
async function lookAtCommand(words: readonly string[], log: Log): Promise<void> {
  const [command] = words.slice(cutCommand(words).length + 1);
  // Loaded here: a start.sh names none.
  if (command === undefined) return;
  const { assertInterpreter } = await import('../adapters/proc/assert-interpreter.ts');
  assertInterpreter(command, process.env);
  const launcher = findLauncher(process.env);
  if (launcher === undefined) return;
  const { findLostVariables } = await import('../adapters/proc/lost-variables.ts');
  const names = Object.keys(findLostVariables(launcher, process.env));
  if (names.length > 0)
    log.warn(
      `not passed on to the command, because the /bin/sh of this image can't name them: ${names.join(', ')}. Name them as a shell can`,
    );
}

/** Owner local is never held, and need not wait for what answers the probe. */
async function createNoticeFile(ports: ContainerPorts, owner: Owner) {
  if (owner === 'local') return { gateNoticeFile: ports.gateNoticeFile, stop: () => {} };
  const { createAnsweringNoticeFile } = await import('../gate/answering-notice-file.ts');
  const { settings } = ports;
  const file = createHealthFile(settings.runDir);
  const gateNoticeFile = createAnsweringNoticeFile(
    { ...ports, file },
    { startupGraceMs: 0, unknownAfterMs: 0, isHeldReady: settings.isHeldReady },
  );
  return { gateNoticeFile, stop: gateNoticeFile.stop };
}

/** Somebody has to renew the claim: an agent, or until there is one, a keeper. Returns why nobody does, else an empty text. */
async function ensureRenewal(ports: ContainerPorts, owner: Owner): Promise<string> {
  const application = findApplication(process.env);
  if (application === undefined || hasAgent(ports.agentPresence)) return '';
  // Loaded here: most gates find an agent.
  const { startKeeper } = await import('../adapters/proc/start-keeper.ts');
  const { leaveKeeper } = await import('../gate/leave-keeper.ts');
  const { heartbeatIntervalMs } = ports.settings;
  return leaveKeeper(
    { ...ports, startKeeper: (events) => startKeeper(application, events) },
    { owner, heartbeatIntervalMs },
  );
}

/** A legal word of the command line counts, then one of the environment. Throws CtrkitError('usage'). */
async function findIdentity(
  { feature, owner, version }: StartupOptions,
  configDir: string,
): Promise<Pick<Claim, 'feature' | 'owner' | 'version'>> {
  if (owner !== undefined && version !== undefined) return { feature, owner, version };
  // Loaded here: a start.sh says both, and does not wait for this.
  const { readIdentityEvidence } = await import('../adapters/proc/own-identity.ts');
  const { completeIdentity } = await import('../commands/complete-identity.ts');
  return { feature, ...completeIdentity({ owner, version }, readIdentityEvidence(process.env, configDir)) };
}

/**
 * A stop of the whole process group ends this process, and nobody would let the caller end. A SIGUSR1 does not end it: then
 * the next look at the caller does.
 */
function lookAtCallerBeforeEnd(caller: StoppedCaller): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const)
    process.once(signal, () => void endBySignal(caller, signal));
}

/**
 * The caller is let go on to its end first. Its shell waits for this process meanwhile: a script that catches the signal, and
 * would go on after the gate, is stopped again.
 */
async function endBySignal(caller: StoppedCaller, signal: NodeJS.Signals): Promise<void> {
  await systemClock.sleep(GROUP_SIGNAL_MS);
  if (caller.readState() === 'asked-to-end') {
    lookAtCaller(caller);
    await systemClock.sleep(CALLER_END_MS);
    caller.signal('SIGSTOP');
  }
  // By the signal itself: its caller shall see what ended the gate.
  process.kill(process.pid, signal);
}
