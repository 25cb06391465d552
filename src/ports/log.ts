/** One line for people, and fields for machines. Never given a secret. */
export interface Log {
  readonly info: (text: string, fields?: Record<string, unknown>) => void;
  readonly warn: (text: string, fields?: Record<string, unknown>) => void;
  readonly error: (text: string, fields?: Record<string, unknown>) => void;
}
