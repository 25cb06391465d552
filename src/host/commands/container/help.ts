/** What follows the list of options in `container --help`. */
export const CONTAINER_EXAMPLES = `
Actions
  start  let the feature run. Owner local: start its own container; 1 where there is none. Owner
         kube: let Kubernetes deploy it, and start the local container until Kubernetes does; not
         with no_fallback_to_local, and not while Kubernetes' own container runs. In a service, once
         in a boot: a container of another image than the golden one is removed, 1, and the
         service's next start makes a new one
  stop   stop the container that runs the feature. The record says so first, so that no other
         container takes its place
  kill   end that container at once, by SIGKILL; refused for a local feature that runs and is not
         enabled. Where kube is involved, write the label <feature>_enabled = false first
  wait   wait until that container ends. Until one runs, answer those that ask to run, but for
         versions that are blocked on this switch
  id     print the name or id to use with docker's own commands
  state  write or clear the record by hand, where the container can't do it itself

Examples
  container start snmp                       what the feature's service does first
  container wait snmp; echo $?               what its service does while the feature runs
  container stop -t 60 snmp                  gives the container a minute to end by itself
  container kill --skip-updates snmp         before a warm reboot
  docker exec -it $(container id snmp) bash  whatever name Kubernetes gave the container
  container state snmp down                  the container is gone, and its record is not

Without Redis: start, id and state end with 69. stop and kill still end the container NAME, also
one of a feature that is not enabled, and leave its record as it was; 69 where none runs. wait tries
again until Redis answers. While it waits for a running container it needs no Redis; when that has
ended, it waits for Redis before it ends itself.

Environment
  CTRKIT_REDIS            the same as --redis
  DOCKER_HOST             the engine's socket (default: unix:///var/run/docker.sock)
  CTRKIT_REVERT_TO_LOCAL  wait: how long Kubernetes may take until the local container is started
                          instead (default: revert_to_local_on_wait_seconds of
                          /etc/sonic/remote_ctr.config.json, else 300 seconds)
  CTRKIT_REMOTE_CONFIG    another file in place of that one
  CTRKIT_STATE_DIR        start, wait: the folder with the blocked versions and the golden images
                          (default: /host/ctrkit, or /var/lib/ctrkit without /host)
  INVOCATION_ID           start: set by systemd, which starts a service again whose container was
                          removed
  CTRKIT_LOG              json: one JSON object a line instead of text

Exit status
  0      done; stop, kill: nothing runs, also where there was nothing to end; wait: the container
         ended with 0 or 137 (killed), or is gone, or system_state is down; of a container that the
         engine does not know: its record was cleared, or is another container's
  1      refused; start, id: nothing of that name; start: the container was removed; wait:
         any other end
  64     wrong usage
  69     the databases or the engine can't be used; stop, kill: and a container may run on
  70     a defect of ctrkit
  75     wait: Kubernetes did not run the feature in time; the next start is a local one
  128+n  ended by signal n
`;
