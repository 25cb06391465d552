/** What follows the list of options in `container --help`. */
export const CONTAINER_EXAMPLES = `
  start  let the feature run: its own container, or leave is given to Kubernetes to deploy it
  stop   let it no longer run, and tell so before: no other container takes its place
  kill   end it at once, by SIGKILL; refused for a local feature that is not enabled
  wait   for its end; until Kubernetes runs it, containers that ask to run are answered
  id     the name or id that docker's own commands know it by
  state  the record by hand, where a container can't make or clear its own

Examples
  container start snmp                       as its service does before it waits
  container wait snmp; echo $?               what its service is while it runs
  container stop -t 60 snmp                  a minute to end by itself
  container kill --skip-updates snmp         on the way to a warm reboot
  docker exec -it $(container id snmp) bash  whatever Kubernetes named it
  container state snmp down                  its container is gone and could not say so

Environment
  CTRKIT_REDIS            as --redis
  DOCKER_HOST             where the Docker engine is, unix:///var/run/docker.sock
  CTRKIT_REVERT_TO_LOCAL  wait: how long Kubernetes may take until the switch's own container
                          runs instead; else revert_to_local_on_wait_seconds of
                          /etc/sonic/remote_ctr.config.json, else 300 (seconds)
  CTRKIT_REMOTE_CONFIG    another file than that
  CTRKIT_LOG              json: one JSON object a line instead of text

Exit codes: 0 done; 1 refused, nothing of that name, or it ended with a failure; 64 wrong usage;
69 the databases or the engine can't be used; 70 a defect of the kit; 75 wait: Kubernetes did not
run it in time, the next start is a local one; 128+n ended by signal n.
`;
