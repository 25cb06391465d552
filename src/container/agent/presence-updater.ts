import type { AgentState } from '../../contract/gate/agent-presence.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { OutageLog } from '../../loop/outage-log.ts';
import type { AgentPresence } from '../../ports/agent-presence.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';

export interface PresenceUpdaterPorts {
  readonly agentPresence: AgentPresence;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps what the gate is told of the agent: that it is there, and that the container stops. */
export class PresenceUpdater {
  readonly #ports: PresenceUpdaterPorts;
  readonly #outage: OutageLog;
  #state: AgentState = 'running';

  constructor(ports: PresenceUpdaterPorts) {
    this.#ports = ports;
    this.#outage = new OutageLog(ports.log, ports.clock);
  }

  /** The container stops: the gate is to claim no more. */
  stop(): void {
    this.#state = 'stopping';
    this.update();
  }

  /** Writes the file if it does not say so already, or has vanished. A write that fails is logged: the next one tries again. */
  update(): void {
    try {
      this.#ports.agentPresence.write(this.#state);
      this.#outage.logRecovery('the gate sees the agent again');
    } catch (error) {
      if (!(error instanceof CtrkitError)) throw error;
      this.#outage.logFailure(`the gate does not see the agent: ${error.message}`);
    }
  }
}
