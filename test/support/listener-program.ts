// A supervisord event listener that writes what it hears to a file, a JSON value a line:
//   node --import tsx listener-program.ts FILE
import { appendFileSync } from 'node:fs';
import { listenForEvents } from '../../src/container/adapters/supervisor/event-listener.ts';

const file = process.argv[2] ?? '/dev/stderr';
const note = (what: unknown): void => appendFileSync(file, `${JSON.stringify(what)}\n`);

const listener = listenForEvents({
  input: process.stdin,
  output: process.stdout,
  onEvent: note,
  onLost: (count) => note({ lost: count }),
  onError: (error) => note({ error: error.message }),
  onEnd: () => note('end'),
  onBroken: (error) => note({ broken: error.message }),
});
// Nothing but the listening keeps the process alive: it ends by itself once that is stopped.
process.on('SIGTERM', () => {
  note('listener got SIGTERM');
  listener.stop();
});
process.on('exit', (code) => note(`listener exits with ${code}`));
