// Run by build.mjs, with the Node.js that images get: `node compile-cache.cjs KIT`. Lets a gate pass once, against a
// stand-in for Redis that says yes to everything, and keeps what V8 compiled on the way.
'use strict';
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:net');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const kit = resolve(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'ctrkit-compile-'));
const socket = join(folder, 'redis.sock');
const server = createServer((connection) => {
  connection.on('data', () => connection.write(':1\r\n'));
  connection.on('close', () => server.close());
});

server.listen(socket, () => {
  process.env.CTRKIT_RUN_DIR = folder;
  process.env.CTRKIT_REDIS = `unix://${socket}`;
  process.env.CTRKIT_CONTAINER_ID = '0123456789ab';
  process.argv = [
    process.argv[0],
    join(kit, 'load.cjs'),
    'container_startup',
    '-f',
    'compile',
    '-o',
    'local',
    '-v',
    '1',
  ];
  const script = require(join(kit, 'load.cjs'));
  process.on('exit', (code) => {
    rmSync(folder, { recursive: true, force: true });
    if (code === 0)
      writeFileSync(
        join(kit, `container.${process.version}-${process.arch}.cache`),
        script.createCachedData(),
      );
  });
});
