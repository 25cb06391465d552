import { CtrkitError } from '../../contract/errors.ts';

export const AGENT_HELP = `Usage: ctrkit_agent                  supervisord runs it, as an event listener
       ctrkit_agent --check [FILE]   shows what /etc/ctrkit/checks.toml (or FILE) and the hooks
                                     mean, or what is wrong with them, and how the image comes to
                                     the gate; ends with 0, or 64
       ctrkit_agent run [-f FEATURE] [-o local|kube] [-v VERSION] [--once] [--redis URL] -- COMMAND [ARG...]
                                     gate, application and agent in one, for an image without
                                     supervisord

The agent of a container.
  It checks whether the feature is healthy: start.sh, the critical processes, process heartbeats,
  hooks, and what checks.toml adds. It leaves the answers for health_probe.
  It renews the claim that container_startup made, by a heartbeat in STATE_DB CONTAINER_HEALTH, and
  releases it when the container stops.
  It ends supervisord, and so the container, when a critical process has ended unexpectedly and
  CONFIG_DB auto_restart is enabled; when the application of owner kube runs and no gate let it go;
  and when the gate was killed. For an image of owner local that does not ask the gate it makes the
  claim itself.
/etc/supervisor/conf.d/ctrkit.conf starts it. Where another agent of this container runs it ends with 1,
also with run.

With run it asks the gate as container_startup does, starts COMMAND as its child when that may start, and
never otherwise; runs the hooks and the checks of checks.toml; forwards SIGTERM, INT, HUP, QUIT, USR1, USR2
and WINCH; and ends with COMMAND's status. SIGTERM, INT and QUIT are a stop: the claim is released when
COMMAND has ended, and after CTRKIT_RELEASE_AFTER at the latest. FEATURE, owner and VERSION are what
container_startup takes; by default CTRKIT_FEATURE and so on, RUNTIME_OWNER (kube in a pod, else local)
and IMAGE_VERSION. As an image's ENTRYPOINT:
  ENTRYPOINT ["ctrkit_agent", "run", "-f", "otel", "--", "/usr/bin/otelcol"]
A COMMAND that is not found ends it with 127, one that can't be executed with 126, before anything is asked.

Environment
  CTRKIT_HEARTBEAT_INTERVAL  the time between two heartbeats (default: 10 seconds); the claim is
                             overdue after three
  CTRKIT_RELEASE_AFTER       the claim is released at the latest this long after supervisord began
                             to stop (default: 6 seconds); keep it below the container's grace period
  CTRKIT_CRITICAL_EXIT       end: as auto_restart says (default); report: leave it to another listener
  CTRKIT_UNGATED             what follows when the application of owner kube runs and no gate let it go:
                             end: the container is ended (default); report: it is only told
  CTRKIT_FEATURE             the feature's name, for an image that does not ask the gate (default: the
                             line in /etc/ctrkit/feature, else CONTAINER_NAME)
  CTRKIT_HELD_READY          1: a held container is ready for the readiness probe
  CTRKIT_HTTP                unix:/PATH, 127.0.0.1:PORT, localhost:PORT or [::1]:PORT: serves /startupz,
                             /readyz and /livez, each with ?verbose, and /metrics there (default: off)
  CTRKIT_CONFIG_DIR          the folder of checks.toml and checks/ (default: /etc/ctrkit)
  CTRKIT_SUPERVISOR_DIR      the folder of critical_processes and watchdog_processes
                             (default: /etc/supervisor)
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
