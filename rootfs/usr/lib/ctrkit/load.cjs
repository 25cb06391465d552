// Runs container.cjs, the bundle beside this file, with the code that V8 compiled when it was built, if this very
// Node.js was there then: half of the gate's start-up would be compiling. Any other Node.js compiles it anew.
'use strict';
// Until a result is there, the end of this process is a refusal: the gate's caller takes 0 for go.
process.exitCode = 70;
// Else Node.js opens a debugger for whoever is on this host. `launch` has it refused until this line is reached.
process.on('SIGUSR1', () => {});
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const bundle = `${__dirname}/container.cjs`;

function readCompiled() {
  try {
    return readFileSync(`${__dirname}/container.${process.version}-${process.arch}.cache`);
  } catch {
    return undefined;
  }
}

function run() {
  // A function of exports, require and module, all of it: put together here it would be copied, and the copies collected.
  // esbuild writes ASCII only: read as latin1 it needs no decoding.
  const source = readFileSync(bundle, 'latin1');
  const script = new Script(source, { filename: bundle, cachedData: readCompiled() });
  const container = { exports: {} };
  script.runInThisContext()(container.exports, require, container);
  module.exports = script;
}

if (parseInt(process.versions.node, 10) >= 20) {
  run();
} else {
  process.stderr.write(
    `${process.argv[2]}: error: Node.js ${process.version} is too old: install 20 or later\n`,
  );
}
