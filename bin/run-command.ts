/** The launcher names the command, argv is then as the command expects it. */
export function runCommand(commands: Readonly<Record<string, () => Promise<unknown>>>): void {
  const [name = ''] = process.argv.splice(2, 1);
  const load = commands[name];
  if (load === undefined) {
    process.stderr.write(`ctrkit: "${name}" is no command of this bundle: run it by its own name\n`);
    process.exitCode = 70;
  } else void load();
}
