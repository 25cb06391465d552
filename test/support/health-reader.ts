import { Worker } from 'node:worker_threads';

/** What a reader has seen of the lines that `healthLine` makes. */
export interface Reading {
  /** Different lines. */
  readonly seen: number;
  /** What was no line, as it was read. */
  readonly torn: readonly string[];
}

/** Line `n`: all its parts follow from one number, and its length from line to line is another. */
export const healthLine = (n: number): string =>
  `ctrkit2 ${n % 2} ${n % 2} ${n % 2} ${n} 1 1 ${'x'.repeat((n * 37) % 400)}`.trimEnd() + '\n';

const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { openSync, readSync, closeSync } = require('node:fs');
  const healthLine = ${healthLine.toString()};
  let isOver = false;
  const torn = new Set();
  const seen = new Set();
  const buffer = Buffer.alloc(4096);
  parentPort.on('message', () => (isOver = true));
  const look = () => {
    for (let i = 0; i < 50; i++) {
      const file = openSync(workerData, 'r');
      const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
      closeSync(file);
      // The probe reads the first line, and no more.
      const line = text.slice(0, text.indexOf('\\n') + 1);
      if (line === healthLine(Number(line.split(' ')[4]))) seen.add(line);
      else torn.add(text);
    }
    if (!isOver) return setImmediate(look);
    parentPort.postMessage({ seen: seen.size, torn: [...torn].slice(0, 5) });
    parentPort.close();
  };
  parentPort.postMessage('ready');
  look();
`;

/** A thread that reads the file at `path`, over and over. */
export class HealthReader {
  readonly #worker: Worker;
  readonly #ready: Promise<unknown>;

  constructor(path: string) {
    this.#worker = new Worker(PROGRAM, { eval: true, workerData: path });
    this.#ready = this.next();
  }

  async ready(): Promise<void> {
    await this.#ready;
  }

  async end(): Promise<Reading> {
    const reading = this.next();
    // oxlint-disable-next-line require-post-message-target-origin -- a thread is no window
    this.#worker.postMessage('end');
    return (await reading) as Reading;
  }

  private next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', reject);
    });
  }
}
