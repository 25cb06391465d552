/** What is kept of a text, bytes: the first line of an event, and some of what follows it. */
const MAX_KEPT_BYTES = 64 * 1024;

/**
 * Decodes UTF-8 that arrives in chunks, and finds where a given number of characters ends. A character may be cut by the
 * end of a chunk. It counts all of a long text and keeps only its beginning; bytes that are not UTF-8 are marked in it.
 */
export class CharacterReader {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #text = '';
  #keptBytes = 0;
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

  /** Takes bytes up to the end of the expected characters; returns how many. */
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

  /** Takes all bytes. */
  append(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, MAX_KEPT_BYTES - this.#keptBytes);
    this.#keptBytes += kept.length;
    this.#text += this.#decoder.decode(kept, { stream: true });
  }

  /** Returns the text read so far, and begins a new one. */
  takeText(): string {
    // What was left out may have begun within a character.
    const text = this.#text + this.#decoder.decode();
    this.#text = '';
    this.#keptBytes = 0;
    return text;
  }
}

/** Bytes that follow this first byte of a UTF-8 character. Wrong first bytes count 0, as one character each. */
function countContinuationBytes(first: number): number {
  if (first < 0xc0 || first > 0xf7) return 0;
  if (first < 0xe0) return 1;
  return first < 0xf0 ? 2 : 3;
}
