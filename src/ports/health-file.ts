/** Where the agent leaves the answers for `health_probe`. */
export interface HealthFile {
  /** Whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
  readonly write: (line: string) => void;
}
