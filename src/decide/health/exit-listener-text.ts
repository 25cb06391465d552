/**
 * What SONiC's exit listener writes into syslog, word by word: operators, SONiC's own tests and the rule that makes its event of a
 * line look for these (sonic.md, "Exit listener").
 */

/** Every minute, while a critical process is down and its container is not ended. `minutes` are whole. */
export const describeNotRunning = (process: string, minutes: number, namespace: string): string =>
  `Process '${process}' is not running in namespace '${namespace}' (${minutes} minutes).`;

/** As the container is ended for a critical process. `container` is the feature's name, empty where nothing says it. */
export const describeTermination = (process: string, container: string): string =>
  `Process '${process}' exited unexpectedly. Terminating supervisor '${container}'`;

/** Of a container of the host, `host`; of an ASIC's, the name of its namespace, `asic0`. */
export const nameNamespace = (prefix: string, id: string): string =>
  prefix === '' || id === '' ? 'host' : `${prefix}${id}`;
