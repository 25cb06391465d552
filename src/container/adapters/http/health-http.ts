/**
 * The probe's answers and metrics over HTTP (contract.md, section 5). A bundle of its own, which the agent loads only
 * when CTRKIT_HTTP is set: from bin/, by a dynamic import (build.mjs).
 */
import { startHttp, type HttpOptions, type HttpServer } from '../../../adapters/http/http-server.ts';
import type { HealthReport } from '../../../contract/health/health-report.ts';
import { answerRequest } from './answer.ts';

export interface HealthHttpOptions extends Omit<HttpOptions, 'what' | 'answer'> {
  readonly readReport: () => HealthReport;
}

/** As `startHttp`: never rejects, and does not keep the process alive. */
export const startHealthHttp = ({ readReport, ...options }: HealthHttpOptions): Promise<HttpServer> =>
  startHttp({
    ...options,
    what: 'health and metrics',
    answer: (method, target) => answerRequest(method, target, readReport),
  });
