import { runCommand } from '../src/adapters/process/run-command.ts';

// The container side's one bundle.
runCommand({
  container_startup: () => import('./container_startup.ts'),
  container_state: () => import('./container_state.ts'),
  ctrkit_agent: () => import('./ctrkit_agent.ts'),
});
