/** The only table of exit codes; README.md shows it, and a test compares the two. */
export const EXIT = {
  /** The gate: go. Every other command: done. */
  ok: 0,
  /** `container_state`: refused, because the record is somebody else's. The gate never ends with it. */
  refused: 1,
  /** Wrong usage: a wrong option, name, owner or version. */
  usage: 64,
  /** `container_state`: the databases can't be used. The gate waits instead. */
  unavailable: 69,
  /** A defect of the kit, or no Node.js to run it. */
  defect: 70,
} as const;

/** The shell's convention for a process that ended by signal n. */
export const exitCodeOfSignal = (signalNumber: number): number => 128 + signalNumber;
