import {
  refuseMethod,
  renderText,
  splitTarget,
  type HttpAnswer,
} from '../../../adapters/http/http-answer.ts';
import { toPlainLine } from '../../../text/printable.ts';
import type { CheckReport, HealthReport } from '../../../contract/health/health-report.ts';
import type { ProbeName } from '../../../contract/health/health-line.ts';
import { renderMetrics } from './metrics.ts';

/** Kubernetes' paths, the probe that each answers, and the text of a negative answer. */
const PROBES: ReadonlyMap<string, { readonly probe: ProbeName; readonly no: string }> = new Map([
  ['/startupz', { probe: 'startup', no: 'not started' }],
  ['/readyz', { probe: 'readiness', no: 'not ready' }],
  ['/livez', { probe: 'liveness', no: 'not live' }],
]);
const METRICS = '/metrics';

/** Longest text about one check, characters. */
const MAX_MESSAGE = 500;

/**
 * Returns the answer to a request; a HEAD is answered as a GET. The report is read only where it is needed. Throws what
 * `readReport` throws.
 */
export function answerRequest(method: string, target: string, readReport: () => HealthReport): HttpAnswer {
  const refused = refuseMethod(method);
  if (refused !== undefined) return refused;
  const { path, query } = splitTarget(target);
  if (path === METRICS) return { status: 200, ...renderMetrics(readReport()) };
  const asked = PROBES.get(path);
  if (asked === undefined) {
    const paths = [...PROBES.keys()].map((each) => `${each}[?verbose]`);
    return renderText(404, ['not found; there is:', ...paths, METRICS].join('\n'));
  }
  const report = readReport();
  const code = report.answers[asked.probe];
  const status = code === 0 ? 200 : 503;
  const isVerbose = query !== undefined && new URLSearchParams(query).has('verbose');
  if (isVerbose) return renderText(status, describeReport(path.slice(1), code, report));
  return renderText(status, code === 0 ? 'ok' : `${asked.no} (${code})${renderSuffix(report.reason)}`);
}

/** Renders a report as Kubernetes' own `/readyz?verbose` does: one line for each check, and the verdict last. */
function describeReport(name: string, code: number, { checks, status, reason }: HealthReport): string {
  const verdict = code === 0 ? 'passed' : `failed (${code})${renderSuffix(reason)}`;
  return [
    ...checks.map(describeCheck),
    `status ${status}${renderSuffix(reason)}`,
    `${name} check ${verdict}`,
  ].join('\n');
}

const MARKS = { ok: '+', failing: '-', unknown: '?' } as const;

/** A wanted check that is not ok is marked as wanted, because it does not make the container unready. */
function describeCheck({ name, kind, result, message }: CheckReport): string {
  const said = result === 'ok' || kind === 'required' ? result : `${result} (${kind})`;
  return `[${MARKS[result]}]${toPlainLine(name, MAX_MESSAGE)} ${said}${renderSuffix(message)}`;
}

const renderSuffix = (message: string): string =>
  message === '' ? '' : `: ${toPlainLine(message, MAX_MESSAGE)}`;
