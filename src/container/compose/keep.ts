import { keepHeapSmall } from '../../adapters/process/heap.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { DEFAULT_CHECKS_CONFIG } from '../health/checks-config/checks-config.ts';
import { isStillRunning, readProcessStat } from '../adapters/proc/process-stat.ts';
import { createSignWriter } from '../adapters/proc/start-keeper.ts';
import { Agent } from '../agent/agent.ts';
import type { HeartbeatPorts } from '../agent/heartbeat-loop.ts';
import { hasAgent } from '../gate/agent-word.ts';
import { buildContainerPorts } from './container-ports.ts';
import { buildPlainAgentPorts } from './plain-agent-ports.ts';

/** How often the keeper looks whether an agent is there, and the application still. */
const LOOK_EVERY_MS = 500;
const UNCHECKED = 'no agent has taken over yet: nothing is checked';

/**
 * `ctrkit_agent keep PID`: renews the claim of the application with this process id, and answers the probe, until an agent of
 * this container has taken over. The gate starts it where it finds no agent. Ends when the application has ended; then the claim
 * is released.
 */
export async function runKeeper(words: readonly string[]): Promise<number> {
  const [text = ''] = words;
  if (words.length !== 1 || !/^[1-9]\d*$/.test(text))
    throw new CtrkitError('usage', 'the gate runs ctrkit_agent keep, and names a process');
  keepHeapSmall({ isMostlyIdle: true });
  const ports = buildContainerPorts('ctrkit_agent');
  // It is no agent: the gate, and whoever else asks for one, must not take it for one.
  const agentPresence = { read: ports.agentPresence.read, write: () => {} };
  const { startupGraceMs } = DEFAULT_CHECKS_CONFIG;
  const parts = {
    application: Number(text),
    sources: [],
    startupGraceMs,
    unchecked: UNCHECKED,
    onChange: () => agent.notify(),
  };
  const tell = createSignWriter();
  const reportBeat: HeartbeatPorts['reportBeat'] = (outcome) => {
    // Contested: nothing was written, and it is not known yet why.
    if (outcome !== 'contested') tell(outcome === 'away' || outcome === 'superseded' ? outcome : 'holds');
  };
  const agent = new Agent(
    { ...buildPlainAgentPorts(ports, parts), agentPresence, reportBeat },
    ports.settings,
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => agent.end(signal));
  const stopLooking = watchApplication(agent, ports, Number(text));
  try {
    await agent.run();
  } finally {
    stopLooking();
    // oxlint-disable-next-line no-process-exit, no-restricted-globals -- a heartbeat that was begun as it ended may leave a connection; unref: nothing waits for this
    setTimeout(() => process.exit(), 100).unref();
  }
  return EXIT.ok;
}

function watchApplication(
  agent: Agent,
  { agentPresence, clock, log }: ReturnType<typeof buildContainerPorts>,
  pid: number,
): () => void {
  const startTicks = readProcessStat(pid)?.startTicks ?? 0;
  let cancel = (): void => {};
  const look = (): void => {
    if (hasAgent(agentPresence)) {
      log.info('an agent has taken over');
      agent.abandon('an agent has taken over');
    } else if (!isStillRunning(pid, startTicks)) agent.end('the application has ended');
    else cancel = clock.schedule(LOOK_EVERY_MS, look);
  };
  cancel = clock.schedule(0, look);
  return () => cancel();
}
