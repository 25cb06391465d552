import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { HookOutput } from './hook-output.ts';

/** Starts a process that reads `input` to its end; undefined if it can't be had. */
export type OpenReader = (input: Readable) => ChildProcess | undefined;

/** Bytes read here from one run; `cat` reads the rest. */
const READ_BYTES = 64 * 1024;

/**
 * Reads one stream of a hook to its end, whatever its length, so that the hook never blocks on it. Node.js allocates memory
 * for each piece: 100 MB would leave the agent 14 MB larger for good. So a hook that writes much gets a reader process of
 * its own, and the agent closes its end of the stream.
 */
export class HookPipe {
  readonly output = new HookOutput();
  /** Resolves when nothing more is read here. */
  readonly closed: Promise<void>;
  readonly #stream: Readable;
  #reader: ChildProcess | undefined;
  #isHandedOver = false;

  constructor(stream: Readable, openReader: OpenReader) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => {
      stream.once('close', resolve);
    });
    // A broken stream is closed too, which `closed` reports.
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      this.output.add(chunk);
      if (this.output.totalBytes > READ_BYTES && !this.#isHandedOver) this.#handOver(openReader);
    });
  }

  #handOver(openReader: OpenReader): void {
    this.#isHandedOver = true;
    this.#reader = openReader(this.#stream);
    // Without a reader (no cat, no memory), to go on reading is better than a hook that blocks.
    if (this.#reader === undefined) this.#stream.resume();
    else this.#stream.destroy();
  }

  /** Closes the stream, even if another process still holds its other end. */
  close(): void {
    this.#stream.destroy();
    this.#reader?.kill('SIGKILL');
    this.#reader?.unref();
  }
}
