import { systemClock } from '../../adapters/clock.ts';
import { keepHeapSmall } from '../../adapters/process/heap.ts';
import { writeAnswer } from '../../adapters/process/write-answer.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import { listenForEvents } from '../adapters/supervisor/event-listener.ts';
import type { StopHastening } from '../adapters/supervisor/hasten-stop.ts';
import { Agent } from '../agent/agent.ts';
import { AGENT_HELP, assertIsListener } from '../commands/agent-options.ts';
import { cutCommand } from '../commands/arguments.ts';
import { buildAgentPorts } from './agent-ports.ts';
import { buildContainerPorts } from './container-ports.ts';
import { isOnlyAgent } from './only-agent.ts';
import { serveHttp } from './serve-http.ts';

type ContainerPorts = ReturnType<typeof buildContainerPorts>;
type AgentPorts = Awaited<ReturnType<typeof buildAgentPorts>>;

/** `ctrkit_agent` with its adapters; `words` follow the command's name. Returns the exit code. */
export async function runCtrkitAgent(words: readonly string[]): Promise<number> {
  if (cutCommand(words).some((word) => word === '--help' || word === '-h')) {
    writeAnswer('ctrkit_agent', AGENT_HELP);
    return EXIT.ok;
  }
  const [flag, ...rest] = words;
  if (flag === '--check') return (await import('./check.ts')).checkImage(rest);
  if (flag === 'keep') return (await import('./keep.ts')).runKeeper(rest);
  if (flag === 'run') return (await import('./run.ts')).runCommand(rest);
  assertIsListener(words, process.stdin.isTTY);
  keepHeapSmall({ isMostlyIdle: true });
  const common = buildContainerPorts('ctrkit_agent');
  if (!(await isOnlyAgent(common))) return EXIT.refused;
  logLastEnd(common);
  const ports = await buildAgentPorts(common, () => agent.notify());
  const agent = new Agent(ports, common.settings);
  return runAgent(agent, ports, common);
}

/** Runs until supervisord or a signal ends it; then nothing that is still open keeps the process alive. Returns the exit code. */
async function runAgent(agent: Agent, ports: AgentPorts, common: ContainerPorts): Promise<number> {
  endAtSignals(agent, ports);
  let exitCode: number = EXIT.ok;
  let hastening: StopHastening | undefined;
  const listener = listenForEvents({
    input: process.stdin,
    output: process.stdout,
    onEvent: (event) => {
      if (event.name === 'SUPERVISOR_STATE_CHANGE_STOPPING') {
        agent.stop();
        hastening ??= ports.hastenStop();
      } else hastening?.renew();
      ports.processEvents.applyEvent(event);
    },
    onLost: createLossReport(common, ports),
    onError: (error) => common.log.error(error.message),
    onEnd: () => agent.abandon('supervisord is gone'),
    onBroken: ({ message }) => {
      common.log.error(`${message}. Ending, so that supervisord starts this agent again; the claim is kept`);
      exitCode = EXIT.defect;
      agent.abandon('supervisord can’t be heard any more');
    },
  });
  const http = await serveHttp(common, () => ports.monitor.health.report());
  try {
    await agent.run();
    return exitCode;
  } finally {
    // Whatever ended the agent: what is left open would keep a dead agent from being started again.
    listener.stop();
    hastening?.end();
    ports.stopChecks();
    await http?.close();
    // A connection that nobody accepts, or a file system that hangs, must not keep the process beyond its second.
    // oxlint-disable-next-line no-process-exit, no-restricted-globals -- what is under way has no end to wait for; unref: nothing waits for this
    setTimeout(() => process.exit(), 100).unref();
  }
}

/** What was lost may have been anything: supervisord is asked, and nobody is blamed for a heartbeat that was among it. */
function createLossReport({ log }: ContainerPorts, { processEvents }: AgentPorts): (count: number) => void {
  const outage = new OutageLog(log, systemClock);
  let total = 0;
  return (count) => {
    total += count;
    outage.logFailure(
      `supervisord forgot ${total} events so far: they come faster than it hands them over. Exits may be missing from the count`,
    );
    processEvents.applyLoss();
  };
}

/** supervisord's word that it stops may come after its signal: it sends one event after the other, as each is acknowledged. */
function endAtSignals(agent: Agent, { isSupervisorStopping }: AgentPorts): void {
  const endAfterAsking = async (signal: NodeJS.Signals): Promise<void> => {
    if (await isSupervisorStopping()) agent.stop();
    agent.end(signal);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void endAfterAsking(signal));
}

/** Logs why the container was ended last, unless an earlier agent of this start has done so. */
function logLastEnd({ claimFile, lastEnd, log }: ContainerPorts): void {
  const text = lastEnd.read();
  if (text !== '' && !hasStarted({ claimFile })) log.info(`this container was ended before: ${text}`);
}

/** An earlier agent says so in the claim file; the gate may write that file before the first agent runs. */
function hasStarted({ claimFile }: Pick<ContainerPorts, 'claimFile'>): boolean {
  try {
    return claimFile.read()?.hasStarted === true;
  } catch {
    return false;
  }
}
