import { CtrkitError } from '../../../contract/errors.ts';
import { withoutGateSettings } from './gate-settings.ts';

/**
 * Starts a process of its own that keeps the claim of the application `pid` until an agent has taken over: `ctrkit_agent keep`.
 * It outlives this process. Throws CtrkitError('defect') if no process can be started.
 */
export async function startKeeper(pid: number): Promise<void> {
  // Loaded here: most gates find an agent.
  const { spawn } = await import('node:child_process');
  const { execPath, execArgv, argv } = process;
  const heap = ['--max-semi-space-size=1', '--max-old-space-size=24'];
  const env = withoutGateSettings(process.env);
  await new Promise<void>((resolve, reject) => {
    const fail = ({ message }: Error): void =>
      reject(new CtrkitError('defect', `nobody would renew the claim: no keeper can be started: ${message}`));
    try {
      const words = [...execArgv, ...heap, argv[1] ?? '', 'ctrkit_agent', 'keep', String(pid)];
      const child = spawn(execPath, words, {
        cwd: '/',
        env,
        detached: true,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      child.once('error', fail);
      child.once('spawn', resolve);
      child.unref();
    } catch (error) {
      fail(error as Error);
    }
  });
}
