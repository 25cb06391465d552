export type Colour = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

/** Where a command for people writes its answer. */
export interface Terminal {
  /** A person watches: the answer may be drawn over. */
  readonly isTerminal: boolean;
  /** Lines that fit. */
  readonly height: () => number;
  /** Characters that fit in a line. */
  readonly width: () => number;
  /** Writes to stdout, unchanged. */
  readonly write: (text: string) => void;
  /** Writes to stderr, unchanged. */
  readonly complain: (text: string) => void;
  /** Writes one line to stderr, behind the command's name. */
  readonly report: (text: string) => void;
  /** The text in this colour; unchanged where colours are not wanted. */
  readonly paint: (colour: Colour, text: string) => string;
}
