/** What `--help` adds: how it is used, and what the answer means. */
export const EXIT_HELP = `
Examples:
  ctrkit status                  what runs, how it is, what is golden
  ctrkit explain snmp            why snmp is as it is, and what lifts it
  ctrkit lock add snmp --reason "debugging" --for 2h

Exit status:
  0   done
  1   refused, or there is no feature, lock or block of that name
  64  wrong usage
  69  the databases, the engine or the disk can't be used
  70  a defect of ctrkit

Environment:
  CTRKIT_REDIS      as --redis; else SONiC's database_config.json is read
  CTRKIT_STATE_DIR  where the ledger and the locks are, /var/lib/ctrkit
  CTRKIT_RUN_DIR    where ctrkitd leaves what it thinks, /run/ctrkit
  DOCKER_HOST       the engine's unix socket, unix:///var/run/docker.sock
  NO_COLOR          no colours, also on a terminal`;

export const STATUS_HELP = `
Examples:
  ctrkit status snmp             one feature
  ctrkit status --watch          until Ctrl-C, which ends it with 130
  ctrkit status --watch --json   a line of JSON with every change
  ctrkit status --json | jq -r '.features[] | select(.health.status == "unhealthy").feature'

Columns that SONiC's own status does not have:
  RemoteState  how far Kubernetes and the switch have agreed: none, pending, ready, running, stopped
  Health       by the heartbeat of the container that runs; overdue: it has not come in time
  Golden       the version that a fallback starts; (runs): it is the one that runs; (new in 20 min):
               then the one that runs takes its place, if it stays healthy

In JSON, times that end in _ms are on the boot clock, as is now_ms; _ts is seconds since 1970.`;

export const EXPLAIN_HELP = `
Examples:
  ctrkit explain snmp
  ctrkit explain snmp --json | jq -r '.items[] | select(.lifts) | .text, .lifts'

A line that begins with -> says what lifts what is above it. What was read is listed at the end.
It answers also when ctrkitd, the engine or the database is away, and says which.`;

export const IMAGES_HELP = `
Examples:
  ctrkit images                  all features
  ctrkit images snmp --json

Marks: golden, previous (golden before), running, blocked. CleanUp is what a clean-up would do now, and
why; nothing is removed by this command.`;

export const LOCK_HELP = `
Examples:
  ctrkit lock add snmp --reason "debugging a crash" --for 2h
  ctrkit lock list
  ctrkit lock rm snmp

A lock outlives a reboot. While it holds, ctrkitd neither switches the feature, nor falls back, nor
removes its images; containers are certified all the same.`;

export const UNBLOCK_HELP = `
Examples:
  ctrkit explain snmp            names the versions that are blocked
  ctrkit unblock snmp 20230531.22

A container of that version that is held goes on at once. If it fails again, it falls back again.`;
