/** The host side's one bundle: the launcher names the command, argv is then as the command expects it. */
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  container: () => import('./host-container.ts'),
  ctrkit: () => import('./ctrkit.ts'),
  ctrkitd: () => import('./ctrkitd.ts'),
};

const [name = ''] = process.argv.splice(2, 1);
const load = COMMANDS[name];
if (load === undefined) {
  process.stderr.write(`ctrkit: "${name}" is no command of this bundle: run it by its own name\n`);
  process.exitCode = 70;
} else void load();
