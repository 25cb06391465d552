import { exitCodeOfSignal } from '../../contract/exit-codes.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Command } from '../../ports/command.ts';
import type { LastEnd } from '../../ports/last-end.ts';
import type { Log } from '../../ports/log.ts';
import type { Agent } from '../agent/agent.ts';

/** A signal that this process was sent. */
export interface TakenSignal {
  readonly name: NodeJS.Signals;
  readonly number: number;
}

export interface RunPorts {
  readonly agent: Pick<Agent, 'run' | 'stop' | 'end'>;
  /** Returns EXIT.ok if the application may start. Throws CtrkitError('usage'). */
  readonly runGate: () => Promise<number>;
  readonly startCommand: () => Command;
  /** The claim file is not to outlive the application, whatever ended it. Never throws. */
  readonly forgetClaim: () => void;
  /** Calls the listener for each signal from now on that a program may catch. */
  readonly onSignal: (listener: (signal: TakenSignal) => void) => void;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly lastEnd: LastEnd;
  readonly log: Log;
}

/** What asks a process to end. Others, such as SIGHUP, may mean anything to the application. */
const ENDING: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);

/**
 * Asks the gate, starts the command, forwards signals, and keeps the claim by the agent until the command has ended. Returns the
 * exit code: the command's, or that of a gate which did not let it go. Throws what the gate throws.
 */
export async function runApplication(ports: RunPorts): Promise<number> {
  const { agent, log } = ports;
  const agentEnd = agent.run().catch((error: Error) => {
    // The application goes on; the probe goes stale, and a restart decides.
    log.error(`the agent has ended, a defect of ctrkit: ${error.stack ?? error.message}`);
  });
  try {
    return await gateAndRun(ports);
  } finally {
    agent.end('the command has ended');
    await agentEnd;
    ports.forgetClaim();
  }
}

async function gateAndRun(ports: RunPorts): Promise<number> {
  const { agent, runGate, startCommand, onSignal } = ports;
  let command: Command | undefined;
  let isAsked = false;
  const endedBySignal = new Promise<number>((resolve) => {
    onSignal(({ name, number }) => {
      if (command === undefined) {
        // The gate is to claim no more, and what it has just claimed is released.
        agent.stop();
        return resolve(exitCodeOfSignal(number));
      }
      if (ENDING.has(name)) {
        isAsked = true;
        agent.stop();
      }
      command.signal(name);
    });
  });
  const answer = await Promise.race([
    runGate().then((exitCode) => ({ isGo: exitCode === 0, exitCode })),
    endedBySignal.then((exitCode) => ({ isGo: false, exitCode })),
  ]);
  if (!answer.isGo) return answer.exitCode;
  command = startCommand();
  const exitCode = await command.ended;
  if (!isAsked) recordEnd(ports, exitCode);
  return exitCode;
}

function recordEnd({ clock, lastEnd, log }: RunPorts, exitCode: number): void {
  const text = `the command ended by itself, with ${exitCode}`;
  log.info(text);
  lastEnd.write(`${new Date(clock.wallMs()).toISOString()} ${text}`);
}
