import { CtrkitError } from '../../contract/errors.ts';

export const AGENT_HELP = `Usage: ctrkit_agent   (run by supervisord, as an event listener)

Renews the claim that container_startup made, with a heartbeat in STATE_DB CONTAINER_HEALTH, and
releases it when the container stops. /etc/supervisor/conf.d/ctrkit.conf starts it.

Environment
  CTRKIT_HEARTBEAT_INTERVAL  between two heartbeats, 10 (seconds); overdue after three
  CTRKIT_RELEASE_AFTER       how long after supervisord began to stop the claim is released at
                             the latest, 6 (seconds); keep it below the container's grace period
  CTRKIT_REDIS, CTRKIT_RUN_DIR, CTRKIT_LOG, NAMESPACE_ID   as for container_startup
`;

/** Throws CtrkitError('usage') for whoever starts the agent by hand. */
export function assertIsListener(args: readonly string[], isTerminal: boolean): void {
  if (args.length > 0)
    throw new CtrkitError('usage', 'ctrkit_agent takes no arguments, only its environment');
  if (isTerminal) {
    throw new CtrkitError(
      'usage',
      'ctrkit_agent is an event listener of supervisord, not a command: see ctrkit.conf',
    );
  }
}
