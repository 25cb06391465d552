import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { createImageArchives } from '../../../../../src/host/adapters/docker/image-archives.ts';

const ID = `sha256:${'a'.repeat(64)}`;

/** An engine that answers as `listener` does; what it was asked, and was sent. */
async function serve(t: TestContext, listener: RequestListener) {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-engine-'));
  const socketPath = join(folder, 'docker.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return createImageArchives(socketPath);
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of content) text += Buffer.from(chunk).toString();
  return text;
}

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('an image as a stream', () => {
  test('is handed out by its id', async (t) => {
    const asked: string[] = [];
    const archives = await serve(t, (request, answer) => {
      asked.push(`${request.method} ${request.url}`);
      answer.write('layer one, ');
      answer.end('layer two');
    });
    assert.equal(await collect(await archives.save(ID)), 'layer one, layer two');
    assert.deepEqual(asked, [`GET /images/${ID}/get`]);
    await assert.rejects(archives.save('../x'));
  });

  test('is taken in', async (t) => {
    let got = '';
    const archives = await serve(t, (request, answer) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        got = `${request.method} ${request.url} ${request.headers['content-type']}: ${text}`;
        answer.end('{"stream":"Loaded image ID: sha256:aa"}\n');
      });
    });
    await archives.load(chunksOf('one ', 'two'));
    assert.equal(got, 'POST /images/load?quiet=1 application/x-tar: one two');
  });

  test('a failure that comes after the status is one', async (t) => {
    const archives = await serve(t, (request, answer) => {
      request.resume();
      answer.end(
        '{"stream":"…"}\n{"errorDetail":{"message":"no space"},"error":"no space left \\"on\\" device"}\n',
      );
    });
    await assert.rejects(archives.load(chunksOf('x')), /could not take in an image: no space left/);
  });

  test('a refusal, an end in the middle, and an engine that is not there are said in one line', async (t) => {
    const refusing = await serve(t, (request, answer) => {
      request.resume();
      answer.writeHead(404).end('{"message":"No such image"}');
    });
    await assert.rejects(
      refusing.save(ID),
      /could not hand out image aaaaaaaaaaaa: it answers 404: .*No such image/,
    );
    await assert.rejects(refusing.load(chunksOf('x')), /it answers 404/);
    const dying = await serve(t, (_request, answer) => {
      answer.writeHead(200, { 'content-length': '100' });
      answer.write('half');
      setTimeout(() => answer.destroy(), 20);
    });
    await assert.rejects(async () => collect(await dying.save(ID)), /could not hand out image/);
    const hangingUp = await serve(t, (request) => request.socket.destroy());
    await assert.rejects(hangingUp.load(chunksOf('x')), /could not take in an image/);
    const away = createImageArchives('/none/docker.sock');
    await assert.rejects(away.save(ID), /ENOENT/);
    await assert.rejects(away.load(chunksOf('x')), /ENOENT/);
  });

  test('a source that breaks ends the call', async (t) => {
    const archives = await serve(t, (request) => void request.resume());
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
      throw new Error('the export is gone');
    };
    await assert.rejects(archives.load(broken()), /the export is gone/);
  });
});
