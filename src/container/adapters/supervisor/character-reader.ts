import { createEventError } from './event-text.ts';

/**
 * Decodes UTF-8 that arrives in chunks, and finds where a given number of characters ends. A character may be cut by the
 * end of a chunk.
 */
export class CharacterReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #text = '';
  /** Characters that have not begun yet. */
  #missing = 0;
  /** Bytes that the current character still lacks. */
  #tail = 0;

  /** Sets how many characters `takeExpected` takes. */
  expect(characters: number): void {
    this.#missing = characters;
  }

  /** Whether all expected characters have been taken. */
  get isComplete(): boolean {
    return this.#missing + this.#tail === 0;
  }

  /** Takes bytes up to the end of the expected characters; returns how many. Throws as `append` does. */
  takeExpected(bytes: Uint8Array): number {
    let taken = 0;
    while (taken < bytes.length && !this.isComplete) {
      if (this.#tail > 0) {
        this.#tail -= 1;
      } else {
        this.#missing -= 1;
        this.#tail = countContinuationBytes(bytes[taken] ?? 0);
      }
      taken += 1;
    }
    this.append(bytes.subarray(0, taken));
    return taken;
  }

  /** Takes all bytes. Throws CtrkitError('supervisor') for bytes that are not UTF-8. */
  append(bytes: Uint8Array): void {
    try {
      this.#text += this.#decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw createEventError('bytes that are not UTF-8', { cause });
    }
  }

  /** Returns the text read so far, and begins a new one. */
  takeText(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

/** Bytes that follow this first byte of a UTF-8 character. Wrong first bytes count 0; the text decoder refuses them. */
function countContinuationBytes(first: number): number {
  if (first < 0xc0) return 0;
  if (first < 0xe0) return 1;
  return first < 0xf0 ? 2 : 3;
}
