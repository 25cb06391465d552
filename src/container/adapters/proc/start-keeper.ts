import { writeSync } from 'node:fs';
import { CtrkitError } from '../../../contract/errors.ts';
import type { Keeper, KeeperEvents, KeeperSign } from '../../../ports/keeper.ts';
import { withoutGateSettings } from './gate-settings.ts';

/**
 * Starts a process of its own that keeps the claim of the application `pid` until an agent has taken over: `ctrkit_agent keep`.
 * It tells its signs on its stdout, a pipe, and may outlive this process. Rejects with CtrkitError('defect') if no process can
 * be started.
 */
export async function startKeeper(pid: number, { onSign, onEnd }: KeeperEvents): Promise<Keeper> {
  // Loaded here: most gates find an agent.
  const { spawn } = await import('node:child_process');
  const { execPath, execArgv, argv } = process;
  const heap = ['--max-semi-space-size=1', '--max-old-space-size=24'];
  const env = withoutGateSettings(process.env);
  return new Promise<Keeper>((resolve, reject) => {
    const fail = ({ message }: Error): void =>
      reject(new CtrkitError('defect', `no keeper can be started: ${message}`));
    try {
      const words = [...execArgv, ...heap, argv[1] ?? '', 'ctrkit_agent', 'keep', String(pid)];
      const child = spawn(execPath, words, {
        cwd: '/',
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const signs = child.stdout;
      child.once('error', fail);
      child.once('close', (code, signal) => onEnd(signal ?? `status ${code}`));
      signs.setEncoding('latin1').on('data', (text: string) => {
        for (const sign of text.split('\n')) if (sign !== '') onSign(sign as KeeperSign);
      });
      const leave = (): void => {
        signs.destroy();
        child.unref();
      };
      // While it is not fetched, no other process has its id.
      child.once('spawn', () => resolve({ kill: () => void child.kill('SIGKILL'), leave }));
    } catch (error) {
      fail(error as Error);
    }
  });
}

/** For the keeper: how it tells the gate. The gate leaves after the first `holds`, or when it has seen enough. */
export function createSignWriter(): (sign: KeeperSign) => void {
  let isDone = false;
  return (sign) => {
    if (isDone) return;
    isDone = sign === 'holds';
    try {
      writeSync(1, `${sign}\n`);
    } catch {
      isDone = true;
    }
  };
}
