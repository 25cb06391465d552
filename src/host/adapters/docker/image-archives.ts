import { request, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { CtrkitError } from '../../../contract/errors.ts';
import { shortImageId } from '../../../contract/images/image.ts';
import { toPlainLine } from '../../../text/printable.ts';
import type { ImageArchives } from '../../../ports/node-archive.ts';
import { assertImageId } from './engine-names.ts';

/** The engine packs an image's layers anew, and says nothing meanwhile. */
const IDLE_LIMIT_MS = 120_000;
const KEPT_CHARACTERS = 20_000;

/** `docker save` and `docker load`, as streams: an image has more bytes than the switch has memory. */
export function createImageArchives(socketPath: string): ImageArchives {
  return {
    async save(imageId) {
      assertImageId(imageId);
      const purpose = `hand out image ${shortImageId(imageId)}`;
      const answer = await send({ socketPath, method: 'GET', path: `/images/${imageId}/get`, purpose });
      return wrapStream(answer, purpose);
    },
    async load(content) {
      const purpose = 'take in an image';
      const path = '/images/load?quiet=1';
      const answer = await send({ socketPath, method: 'POST', path, purpose, content });
      let text = '';
      for await (const chunk of wrapStream(answer, purpose))
        text = (text + Buffer.from(chunk).toString('utf8')).slice(-KEPT_CHARACTERS);
      // The status is sent before the image was looked at.
      const [, failure] = /"error":"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
      if (failure !== undefined) throw createError(purpose, failure);
    },
  };
}

interface StreamCall {
  readonly socketPath: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly purpose: string;
  readonly content?: AsyncIterable<Uint8Array>;
}

function send({ socketPath, method, path, purpose, content }: StreamCall): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(createError(purpose, error.message));
    const headers = content === undefined ? {} : { 'content-type': 'application/x-tar' };
    const outgoing = request({ socketPath, method, path, agent: false, headers }, (answer) => {
      if (answer.statusCode === 200) resolve(answer);
      else void readRefusal(answer).then((text) => fail(new Error(text)), fail);
    });
    outgoing.setTimeout(IDLE_LIMIT_MS, () =>
      outgoing.destroy(new Error(`nothing came within ${IDLE_LIMIT_MS / 1_000} s`)),
    );
    outgoing.on('error', fail);
    if (content === undefined) outgoing.end();
    else pipeline(Readable.from(content), outgoing).catch(fail);
  });
}

async function readRefusal(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) text = (text + chunk.toString()).slice(0, 2_000);
  return `it answers ${answer.statusCode ?? 0}: ${text}`;
}

async function* wrapStream(answer: IncomingMessage, purpose: string): AsyncGenerator<Uint8Array> {
  try {
    yield* answer as AsyncIterable<Buffer>;
  } catch (error) {
    throw createError(purpose, (error as Error).message);
  }
}

const createError = (purpose: string, why: string): CtrkitError =>
  new CtrkitError('engine', `the engine could not ${purpose}: ${toPlainLine(why, 300).trim()}`);
