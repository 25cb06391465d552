/** STATE_DB's row of a feature that a container of Kubernetes runs. */
export const RUN_BY_KUBE: Readonly<Record<string, string>> = {
  system_state: 'up',
  current_owner: 'kube',
  docker_id: 'abcdefabcdef',
  container_id: 'abcdefabcdef',
  remote_state: 'running',
};

/** The same of snmp, which the switch's own container runs. */
export const RUN_LOCALLY: Readonly<Record<string, string>> = {
  ...RUN_BY_KUBE,
  current_owner: 'local',
  container_id: 'snmp',
  remote_state: 'none',
};
