/** The only table of exit codes (contract.md, section 12); README.md shows it too, and tests compare them. */
export const EXIT = {
  /** The gate: go. Every other command: done. */
  ok: 0,
  /**
   * `container_state`: refused, because the record is somebody else's. The agent: another one of this container runs. The host's commands: the engine refused, there is
   * nothing of that name (`container stop` and `kill`: done), or what was waited for ended with a failure. The gate never ends with it.
   */
  refused: 1,
  /** Wrong usage: a wrong option, name, owner or version. */
  usage: 64,
  /** The databases, the engine or the disk can't be used. The gate waits instead. */
  unavailable: 69,
  /** A defect of the kit, or no Node.js to run it. */
  defect: 70,
  /** `container wait`: nothing was deployed in time, the next start is a local one. */
  gaveUp: 75,
  /** `container_startup`, `ctrkit_agent run`: COMMAND can't be executed. The launcher ends with it too, as every shell does. */
  notExecutable: 126,
  /** There is no such COMMAND: the launcher's, as every shell's. */
  noCommand: 127,
} as const;

/**
 * What `health_probe` ends with, beside `ok` and `usage` (contract.md, section 5). A failing hook's own code is passed
 * through where it is none of these.
 */
export const PROBE_EXIT = {
  /** A hook crashed, hung, or can't be run; or another check fails that has no code of its own. */
  failed: 1,
  /** The program `start` has not finished, or finished with a failure. */
  notStarted: 2,
  /** A critical process does not run, or beats too late. */
  processDown: 10,
  /** No fresh answer: the agent, or what it has to ask, is dead or stuck. */
  stale: 11,
  held: 12,
  stopping: 13,
} as const;

/** Whether a hook's own exit code can be passed through: the others mean something else (contract.md, section 5). */
export const isHooksOwnCode = (code: number): boolean =>
  (code >= 3 && code <= 9) || (code >= 14 && code <= 63) || (code >= 65 && code <= 125);

/** The shell's convention for a process that ended by signal n. */
export const exitCodeOfSignal = (signalNumber: number): number => 128 + signalNumber;
