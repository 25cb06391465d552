import { CtrkitError } from '../../contract/errors.ts';
import type { AgentEntry } from '../../ports/agent-entry.ts';
import type { AgentPresence } from '../../ports/agent-presence.ts';
import type { Clock } from '../../ports/clock.ts';
import { hasAgent } from '../gate/agent-word.ts';

/** An agent whose supervisord has ended needs less to end itself. */
const GIVE_UP_MS = 2_000;
const LOOK_EVERY_MS = 50;

export interface AgentEntryPorts {
  readonly agentEntry: AgentEntry;
  readonly agentPresence: AgentPresence;
  readonly clock: Pick<Clock, 'bootMs' | 'sleep'>;
}

/**
 * Makes this process the agent of this start of the container, by `agent.json`; false where another one runs, and goes on
 * running for GIVE_UP_MS. Two agents would release each other's claim. Of two that are started at once one gets in: each
 * announces itself before it looks for others, so at least one of them sees the other.
 */
export async function enterAsAgent(ports: AgentEntryPorts): Promise<boolean> {
  const { agentEntry, clock } = ports;
  const giveUpMs = clock.bootMs() + GIVE_UP_MS;
  try {
    while (!tryToEnter(ports)) {
      if (clock.bootMs() >= giveUpMs) return false;
      await clock.sleep(LOOK_EVERY_MS);
    }
    return true;
  } catch (error) {
    // A folder that can't be written shows no agent to anybody. A container without an agent would be worse.
    if (error instanceof CtrkitError) return true;
    throw error;
  } finally {
    agentEntry.withdraw();
  }
}

function tryToEnter({ agentEntry, agentPresence }: AgentEntryPorts): boolean {
  if (hasAgent(agentPresence)) {
    agentEntry.withdraw();
    return false;
  }
  agentEntry.announce();
  const others = agentEntry.listOthers();
  // After the list: whoever is not in it any more has become the agent before it went.
  if (others.length === 0 && !hasAgent(agentPresence)) {
    agentPresence.write('running');
    return true;
  }
  // Of two that see each other the older one stays in sight until the other has gone.
  if (others.some((other) => isOlder(other, agentEntry.self))) agentEntry.withdraw();
  return false;
}

const isOlder = (one: AgentEntry['self'], other: AgentEntry['self']): boolean =>
  one.startTicks < other.startTicks || (one.startTicks === other.startTicks && one.pid < other.pid);
