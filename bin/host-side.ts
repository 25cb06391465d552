import { runCommand } from '../src/adapters/process/run-command.ts';

// The host side's one bundle.
runCommand({
  container: () => import('./container.ts'),
  ctrkit: () => import('./ctrkit.ts'),
  ctrkitd: () => import('./ctrkitd.ts'),
});
