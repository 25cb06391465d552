/**
 * Text from outside (a row, a file, a command line, an engine's answer) made safe to write: it must not forge a line, colour a
 * terminal, turn the direction of what follows, or fill a row. Lengths are in UTF-16 units.
 */

/** One ASCII line of at most `maxLength` characters, for a row or a file: each run of anything else becomes one space. */
export const toOneLine = (text: string, maxLength: number): string =>
  text.replaceAll(/[^ -~]+/g, ' ').slice(0, maxLength);

/**
 * Control, format and separator characters, blanks that are none, and the blocks whose letters run from right to left: one of
 * them turns the digits and marks beside it.
 */
const NOT_PLAIN =
  /(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]|(?! )\p{Zs})+/gu;

/** One line for a person, letters that run from left to right kept: each run of anything else is one space. */
export const toPlainLine = (text: string, maxLength = 500): string =>
  text.replaceAll(NOT_PLAIN, ' ').slice(0, maxLength);

/**
 * The answer to `--json`, in ASCII: JSON itself leaves DEL, C1 controls, line separators and bidi characters as they are. On lines
 * with this indent; 0 is one line.
 */
export const encodeAsciiJson = (value: unknown, indent = 2): string =>
  JSON.stringify(value, undefined, indent).replaceAll(
    /[\u007F-\uFFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** ASCII in which each run of anything else shows as one `?`, so that a person sees that something was there. */
export const markUnprintable = (text: string): string => text.replaceAll(/[^ -~]+/g, '?');

/** Longest reason that is written anywhere: kubelet shows the first kilobyte of what a probe prints. */
export const MAX_REASON_LENGTH = 500;
