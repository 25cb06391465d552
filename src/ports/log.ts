/** A log. `text` is one line for people, `fields` are for machines. Neither may hold a secret. */
export interface Log {
  readonly info: (text: string, fields?: Record<string, unknown>) => void;
  readonly warn: (text: string, fields?: Record<string, unknown>) => void;
  readonly error: (text: string, fields?: Record<string, unknown>) => void;
}
