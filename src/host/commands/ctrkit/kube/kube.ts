/** `ctrkit kube join|reset|status` (HLD, "config kube join/reset", "show kubernetes"). */
import type { Command } from 'commander';
import { parseText } from '../terminal/arguments.ts';
import { KUBE_HELP, KUBE_JOIN_HELP, KUBE_RESET_HELP, KUBE_STATUS_HELP } from './kube-help.ts';
import { runKubeJoin } from './kube-join.ts';
import { runKubeReset } from './kube-reset.ts';
import { showKubeStatus } from './kube-status.ts';
import type { CtrkitPorts } from '../reading/ports.ts';

/** What the program hands to its subcommands; `end` records the exit code. */
interface KubeContext {
  readonly ports: CtrkitPorts;
  readonly end: (exitCode: number) => void;
  readonly redisUrl: () => string;
}

export function addKube(program: Command, context: KubeContext): void {
  const { ports, end, redisUrl } = context;
  const kube = program
    .command('kube')
    .description('join a Kubernetes master, leave it, and show the state of that')
    .addHelpText('after', KUBE_HELP);
  kube
    .command('join')
    .description('make this switch a node of the master that CONFIG_DB names')
    .option('-f, --force', 'also where the switch has joined: leave first, unless a feature is locked')
    .option('--kubeconfig <file>', 'join by this admin configuration, and fetch nothing', (text) =>
      parseText('--kubeconfig', text),
    )
    .addHelpText('after', KUBE_JOIN_HELP)
    .action(async ({ force = false, kubeconfig }: { force?: boolean; kubeconfig?: string }) =>
      end(await runKubeJoin({ isForced: force, configPath: kubeconfig }, ports, redisUrl())),
    );
  kube
    .command('reset')
    .description('leave the master and stay away; first the features go back to their local images')
    .option('-f, --force', 'also where a feature is locked')
    .addHelpText('after', KUBE_RESET_HELP)
    .action(async ({ force = false }: { force?: boolean }) =>
      end(await runKubeReset(force, ports, redisUrl())),
    );
  kube
    .command('status')
    .description('show the master, whether this switch is a node of it, and what Kubernetes runs')
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', KUBE_STATUS_HELP)
    .action(async ({ json = false }: { json?: boolean }) =>
      end(await showKubeStatus({ json, redisUrl: redisUrl() }, ports)),
    );
}
