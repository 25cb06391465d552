import type { HealthReport } from '../../contract/health/health-report.ts';
import type { buildContainerPorts } from './container-ports.ts';

/** HTTP is a bundle of its own, read only when asked for. Whatever happens there, the agent goes on. */
export async function serveHttp(
  { settings, log, clock }: ReturnType<typeof buildContainerPorts>,
  readReport: () => HealthReport,
) {
  if (settings.httpAddress === '') return undefined;
  try {
    const { startHealthHttp } = await import('../adapters/http/health-http.ts');
    return await startHealthHttp({ address: settings.httpAddress, log, clock, readReport });
  } catch (error) {
    log.error(`CTRKIT_HTTP: ${(error as Error).message}; all else goes on without it`);
    return undefined;
  }
}
