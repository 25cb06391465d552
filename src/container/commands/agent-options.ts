import { CtrkitError } from '../../contract/errors.ts';

export const AGENT_HELP = `Usage: ctrkit_agent                  run by supervisord, as an event listener
       ctrkit_agent --check [FILE]   shows what /etc/ctrkit/checks.toml (or FILE) and the hooks
                                     mean, or what is wrong with them: 0, or 64

Looks whether the feature is well (start.sh, the critical processes, process heartbeats, hooks, and
what checks.toml adds), and leaves the answer for health_probe. Renews the claim that
container_startup made, with a heartbeat in STATE_DB CONTAINER_HEALTH, and releases it when the
container stops. Ends supervisord, and so the container, when a critical process has ended and
CONFIG_DB auto_restart wants it. /etc/supervisor/conf.d/ctrkit.conf starts it.

Environment
  CTRKIT_HEARTBEAT_INTERVAL  between two heartbeats, 10 (seconds); overdue after three
  CTRKIT_RELEASE_AFTER       how long after supervisord began to stop the claim is released at
                             the latest, 6 (seconds); keep it below the container's grace period
  CTRKIT_CRITICAL_EXIT       end, as auto_restart says; or report, which leaves it to another listener
  CTRKIT_HELD_READY          1: a held container answers the readiness probe with yes
  CTRKIT_HTTP                unix:/PATH, 127.0.0.1:PORT or [::1]:PORT: /startupz, /readyz and /livez,
                             each with ?verbose, and /metrics there; off without it
  CTRKIT_CONFIG_DIR          where checks.toml and checks/ are, /etc/ctrkit
  CTRKIT_SUPERVISOR_DIR      where critical_processes and watchdog_processes are, /etc/supervisor
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
