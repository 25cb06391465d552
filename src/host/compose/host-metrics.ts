/**
 * The daemon's metrics over HTTP (docs/metrics.md). A bundle of its own, which ctrkitd loads only when CTRKIT_HTTP is set
 * (build.mjs).
 */
import { startHttp } from '../../adapters/http/http-server.ts';
import { answerScrape } from '../adapters/answer-scrape.ts';
import type { DaemonStart } from '../daemon/start-daemon.ts';
import { HostMetrics } from '../daemon/metrics/host-metrics.ts';

/** Of package.json, put in by the bundler. */
declare const BUILD_VERSION: string | undefined;

export interface ObservedDaemon {
  /** What is to be started: it does the same, observed. */
  readonly start: DaemonStart;
  /** Ends the server, and removes its socket. */
  readonly close: () => Promise<void>;
}

/** Never rejects: an address that can't be used is logged, and all else goes on. */
export async function serveMetrics(address: string, start: DaemonStart): Promise<ObservedDaemon> {
  const { log, clock, isShadow } = start;
  const metrics = new HostMetrics(clock, {
    version: typeof BUILD_VERSION === 'string' ? BUILD_VERSION : 'unreleased',
    nodeVersion: process.version,
    isShadow,
  });
  const server = await startHttp({
    address,
    log,
    clock,
    what: 'metrics',
    answer: (method, target) => answerScrape(method, target, () => metrics.render()),
  });
  return { start: { ...start, ...metrics.meter(start) }, close: server.close };
}
