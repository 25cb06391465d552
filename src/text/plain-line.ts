/**
 * Text that came from outside, as one line for a person's terminal: no control character, no line or paragraph separator,
 * and nothing that turns the direction of what follows. Letters of any language stay (a row's text is ASCII: `toOneLine`).
 */
export const toPlainLine = (text: string, maxLength = 500): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu, ' ').slice(0, maxLength);
