/**
 * Text from outside (a row, a file, a command line, an engine's answer) made safe to write: it must not forge a line, colour a
 * terminal, turn the direction of what follows, or fill a row. Lengths are in UTF-16 units.
 */

/** One ASCII line of at most `maxLength` characters, for a row or a file: each run of anything else becomes one space. */
export const toOneLine = (text: string, maxLength: number): string =>
  text.replaceAll(/[^ -~]+/g, ' ').slice(0, maxLength);

/** One line for a person, letters of any language kept: each run of control, format or separator characters is one space. */
export const toPlainLine = (text: string, maxLength = 500): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu, ' ').slice(0, maxLength);

/** ASCII in which each run of anything else shows as one `?`, so that a person sees that something was there. */
export const markUnprintable = (text: string): string => text.replaceAll(/[^ -~]+/g, '?');

/** Longest reason that is written anywhere: kubelet shows the first kilobyte of what a probe prints. */
export const MAX_REASON_LENGTH = 500;
