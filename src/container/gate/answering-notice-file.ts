import type { GateNotice } from '../../contract/gate/gate-notice.ts';
import type { StartedProcess } from '../../contract/gate/started-process.ts';
import { decideHealth, type HealthSettings } from '../../decide/health/decide-health.ts';
import type { AgentPresence } from '../../ports/agent-presence.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GateNoticeFile } from '../../ports/gate-notice-file.ts';
import { hasAgent } from './agent-word.ts';
import { HealthPublisher, type PublisherPorts } from '../health/health-publisher.ts';

/** How long the probe may be without an answer after an agent has ended. */
const LOOK_EVERY_MS = 5_000;

type Notice = Omit<GateNotice, keyof StartedProcess>;

export interface AnsweringPorts extends PublisherPorts {
  readonly gateNoticeFile: GateNoticeFile;
  readonly agentPresence: Pick<AgentPresence, 'read'>;
  readonly clock: Clock;
}

/**
 * The gate's notice, and the answers to the probe that an agent would make of it, as long as there is no agent. `stop` ends
 * that.
 */
export function createAnsweringNoticeFile(
  ports: AnsweringPorts,
  settings: HealthSettings,
): GateNoticeFile & { readonly stop: () => void } {
  const { gateNoticeFile, clock } = ports;
  const publisher = new HealthPublisher(ports);
  let notice: Notice | undefined;
  let cancel = (): void => {};
  const answer = (): void => {
    cancel();
    if (notice === undefined) return;
    if (!hasAgent(ports.agentPresence))
      publisher.publish('', decideAnswers(notice, clock.bootMs(), settings));
    cancel = clock.schedule(LOOK_EVERY_MS, answer);
  };
  const stop = (): void => {
    notice = undefined;
    cancel();
  };
  return {
    read: gateNoticeFile.read,
    readLast: gateNoticeFile.readLast,
    isOwn: gateNoticeFile.isOwn,
    write(written) {
      gateNoticeFile.write(written);
      notice = written;
      answer();
    },
    remove() {
      stop();
      gateNoticeFile.remove();
    },
    stop,
  };
}

/** As the agent decides before there is a claim. */
function decideAnswers({ state, ...said }: Notice, nowMs: number, settings: HealthSettings) {
  const gate = { kind: state, ...said };
  const snapshot = {
    gate,
    isStopping: false,
    superseded: '',
    checks: [],
    hasStarted: false,
    nowMs,
    rebootSinceMs: undefined,
  };
  return decideHealth(snapshot, settings);
}
