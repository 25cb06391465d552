import assert from 'node:assert/strict';
import { CtrkitError } from '../../src/contract/errors.ts';

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** For `assert.throws` and `assert.rejects`: a CtrkitError of that code, whose one line for people matches. */
export const isErrorOf =
  (code: CtrkitError['code'], pattern = /./) =>
  (error: unknown): true => {
    assert.ok(error instanceof CtrkitError, `${String(error)} is no CtrkitError`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, CONTROL, 'it is not one line for people');
    return true;
  };

/** What a call is refused with; its message is one line for people. */
export function errorOf(call: () => unknown): CtrkitError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof CtrkitError, `${String(error)} is no CtrkitError`);
    isErrorOf(error.code)(error);
    return error;
  }
  assert.fail('it is not refused');
}

/** The message by which a call is refused as wrong usage; it quotes no more of what is wrong than people want to read. */
export function usageErrorOf(call: () => unknown): string {
  const { code, message } = errorOf(call);
  assert.equal(code, 'usage', message);
  assert.ok(message.length < 200, message);
  return message;
}
