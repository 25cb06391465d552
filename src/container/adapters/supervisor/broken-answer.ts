import { CtrkitError } from '../../../contract/errors.ts';

/** Longest piece of foreign text in an error message, characters: the message ends up in a log. */
const MAX_QUOTE = 60;

/** Creates the error for an answer that breaks the rules of XML-RPC. */
export function createAnswerError(detail: string): CtrkitError {
  return new CtrkitError('supervisor', `not an XML-RPC answer: ${detail}`);
}

/** Returns foreign text for an error message: in quotes, on one line, shortened. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}...` : text);
}

export function refuseAnswer(detail: string): never {
  throw createAnswerError(detail);
}
