import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../../adapters/disk/replace-file.ts';
import { MANIFEST_NAME, type ExportedFile } from '../../../contract/rebuild/node-export.ts';
import type { ArchiveWriter } from '../../../ports/node-archive.ts';
import { createFolder } from '../disk/durable-file.ts';
import { wrapAsyncDiskError } from '../disk/wrap-disk-error.ts';
import { encodeManifest } from './manifest-json.ts';
import { BLOCK_BYTES, countPadding, encodeHeader } from './tar-header.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** Writes beside `path`, and renames at the end. What a writer that was killed has left there is removed. */
export async function createArchive(path: string): Promise<ArchiveWriter> {
  const temporary = `${path}.tmp`;
  const file = await wrapAsyncDiskError(path, 'written', async () => {
    createFolder(dirname(path));
    await rm(temporary, { force: true });
    return open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  });
  const archive = new Archive(file);
  const discard = async (): Promise<void> => {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
  };
  return {
    addFile: (name, content) => wrapAsyncDiskError(path, 'written', () => archive.add(name, [content])),
    addStream: (name, content) => wrapAsyncDiskError(path, 'written', () => archive.add(name, content)),
    finish: (manifest) =>
      wrapAsyncDiskError(path, 'written', async () => {
        const text = encodeManifest({ ...manifest, files: archive.files });
        await archive.add(MANIFEST_NAME, [Buffer.from(text)]);
        await archive.end();
        await file.sync();
        await file.close();
        await rename(temporary, path);
        syncFolder(dirname(path));
      }),
    discard,
  };
}

/** The members that were written, one after the other. */
class Archive {
  readonly files: ExportedFile[] = [];
  readonly #file: FileHandle;
  #at = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The header comes last: it has the size. */
  async add(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const headerAt = this.#at;
    const hash = createHash('sha256');
    let size = 0;
    this.#at += BLOCK_BYTES;
    for await (const chunk of content) {
      hash.update(chunk);
      size += chunk.length;
      await this.#write(chunk);
    }
    await this.#write(Buffer.alloc(countPadding(size)));
    await this.#writeAt(encodeHeader({ name: path, size }), headerAt);
    this.files.push({ path, size, sha256: hash.digest('hex') });
  }

  /** Two blocks of zeros end an archive. */
  end(): Promise<void> {
    return this.#write(Buffer.alloc(2 * BLOCK_BYTES));
  }

  async #write(chunk: Uint8Array): Promise<void> {
    await this.#writeAt(chunk, this.#at);
    this.#at += chunk.length;
  }

  async #writeAt(chunk: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await this.#file.write(chunk, done, chunk.length - done, at + done);
      done += bytesWritten;
    }
  }
}
