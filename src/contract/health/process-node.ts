/** One process of the container, as the kernel shows it. */
export interface ProcessNode {
  readonly pid: number;
  readonly parentPid: number;
  /** Stopped by a signal, and not by a debugger. */
  readonly isStopped: boolean;
  /** It has ended, and its parent has not asked how. */
  readonly hasEnded: boolean;
  /**
   * What it runs. `gate`: the gate, or a command that the gate will become. `asker`: a script, or a shell with a command,
   * that names the gate. `shell`: another shell, which may be about to ask. `unknown`: it can't be read,
   * or has ended and was no gate.
   */
  readonly role: 'gate' | 'asker' | 'shell' | 'program' | 'unknown';
}
