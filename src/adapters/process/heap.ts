/** A full collection takes some milliseconds; in between a heap as small as this one grows by some 100 kB. */
const COLLECT_EVERY_MS = 60_000;
/** The sooner, the less there is to collect: where little happens, twice as often costs no more. */
const COLLECT_IDLE_EVERY_MS = 30_000;

/**
 * Keeps a resident process small. Left to itself V8 compiles what runs often with its optimising compilers, which never
 * give back the 10 MB they work in, and lets a process that does little grow for hours before it collects what has lived
 * for more than a moment. Both cost more here, in each container of a switch, than they save.
 *
 * Set here and not on the command line: there these flags make V8 refuse the code compiled at build time, and Node.js' own.
 * No flag of the garbage collector is among them: changed at run time they end the process.
 *
 * `isMostlyIdle`: the process does so little that V8's baseline compiler is not worth the 0.45 MB of its code either.
 */
export function keepHeapSmall({ isMostlyIdle = false } = {}): void {
  const v8 = process.getBuiltinModule?.('node:v8');
  const vm = process.getBuiltinModule?.('node:vm');
  // Node.js before 20.16 would load all of both, and does without.
  if (v8 === undefined || vm === undefined) return;
  const flags = ['--no-opt', '--no-maglev', '--expose-gc', ...(isMostlyIdle ? ['--no-sparkplug'] : [])];
  for (const flag of flags) v8.setFlagsFromString(flag);
  const collect = vm.runInNewContext('gc') as () => void;
  setInterval(collect, isMostlyIdle ? COLLECT_IDLE_EVERY_MS : COLLECT_EVERY_MS).unref();
}
