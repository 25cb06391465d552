import { CtrkitError } from '../../../contract/errors.ts';

/** Longest piece of foreign text in an error message, characters: the message ends up in a log. */
const MAX_QUOTE = 60;

/** The error for an answer that is not what XML-RPC says it must be. */
export function createAnswerError(detail: string): CtrkitError {
  return new CtrkitError('supervisor', `not an XML-RPC answer: ${detail}`);
}

/** Foreign text as it may stand in an error message: in quotes, on one line, cut. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}...` : text);
}

export function refuseAnswer(detail: string): never {
  throw createAnswerError(detail);
}
