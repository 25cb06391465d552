/** The file by which the agent passes the answers to `health_probe`. */
export interface HealthFile {
  /** Writes the line, whole or not at all. Throws CtrkitError('defect') with what is wrong with the folder or the disk. */
  readonly write: (line: string) => void;
}
