import { startDaemon, type DaemonStart } from '../daemon/start-daemon.ts';
import type { ObservedDaemon } from './host-metrics.ts';

/**
 * Runs the daemon, with metrics at `address` (CTRKIT_HTTP; empty: nothing listens). Throws what the daemon throws; whatever happens
 * to the metrics, it goes on.
 */
export async function runDaemonObserved(address: string, start: DaemonStart): Promise<void> {
  const observed = await observeDaemon(address, start);
  try {
    await startDaemon(observed?.start ?? start);
  } finally {
    await observed?.close();
  }
}

/** HTTP and metrics are a bundle of their own, read only when asked for. */
async function observeDaemon(address: string, start: DaemonStart): Promise<ObservedDaemon | undefined> {
  if (address === '') return undefined;
  try {
    const { serveMetrics } = await import('./host-metrics.ts');
    return await serveMetrics(address, start);
  } catch (error) {
    start.log.error(`CTRKIT_HTTP: ${(error as Error).message}; all else goes on without it`);
    return undefined;
  }
}
