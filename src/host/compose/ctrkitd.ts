import { hostname } from 'node:os';
import { keepHeapSmall } from '../../adapters/process/heap.ts';
import { writeAnswer } from '../../adapters/process/write-answer.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import type { Log } from '../../ports/log.ts';
import { createBlockFiles } from '../adapters/blocks/block-file.ts';
import { KubernetesNode } from '../adapters/kubernetes/kubernetes-node.ts';
import { readSonicVersion } from '../adapters/kubernetes/sonic-version.ts';
import { createLedgerFile } from '../adapters/ledger/ledger-file.ts';
import { readLocalRepositories } from '../adapters/local-repositories.ts';
import { createLockFiles } from '../adapters/locks/lock-file.ts';
import { createMemoryFile } from '../adapters/memory/memory-file.ts';
import { abortOnSignal } from '../adapters/process-signals.ts';
import {
  DEFAULT_RESTART_COMMAND,
  findCommandProblem,
  parseRestartCommand,
  ServiceCommand,
} from '../adapters/service/service-command.ts';
import { moveState } from '../adapters/state-dir/move-state.ts';
import { createRebootMarkFile } from '../adapters/reboot/mark-file.ts';
import { createViewFile } from '../adapters/view/view-file.ts';
import { parseDaemonLine, type DaemonOptions } from '../commands/ctrkitd/options.ts';
import type { ClusterSide } from '../daemon/cluster/cluster-parts.ts';
import { readDaemonSettings, type ClusterSettings } from '../daemon/settings.ts';
import type { Connection } from '../daemon/watch/daemon-component.ts';
import { readMembershipTiming } from '../membership/settings.ts';
import { chooseNodeName } from '../node-name.ts';
import { findStateDir, listStatePlaces, type StatePlaces } from '../state-dir.ts';
import { openDatabases } from './databases.ts';
import { buildMembershipSide, type MembershipSideOptions } from './membership.ts';
import { buildRebootSide } from './reboot.ts';
import type { RebootSide } from '../reboot/reboot-ports.ts';
import { runDaemonObserved } from './run-daemon-observed.ts';
import { buildHostPorts, type HostPorts } from './ports.ts';
import { assertOnlyDaemon } from './state-dir.ts';

/** The command `ctrkitd`: runs until SIGTERM or SIGINT. Returns the exit code. Throws CtrkitError. */
export async function runCtrkitdCommand(args: readonly string[]): Promise<number> {
  const line = parseDaemonLine(args);
  if (line.kind === 'help') writeAnswer('ctrkitd', line.text);
  else await runDaemon(line.options);
  return EXIT.ok;
}

async function runDaemon({ isShadow, redisUrl, restartCommand, stateDir }: DaemonOptions): Promise<void> {
  keepHeapSmall();
  const ports = buildHostPorts(isShadow ? 'ctrkitd-shadow' : 'ctrkitd');
  const { log, clock, random } = ports;
  const settings = readDaemonSettings(process.env);
  const command = restartCommand || settings.restartCommand || DEFAULT_RESTART_COMMAND;
  const words = parseRestartCommand(command);
  // A wrong URL stays wrong; files that tell where the databases are come and go.
  if (redisUrl || ports.settings.redisUrl) ports.findDatabases(redisUrl);
  const places = listStatePlaces(stateDir || settings.stateDir);
  const runDir = isShadow ? `${settings.runDir}/shadow` : settings.runDir;
  await assertOnlyDaemon(places, runDir);
  const folder = isShadow ? findStateDir(places) : openStateDir(places, log);
  const names = readLocalRepositories(settings.imageNamesFile || undefined);
  // It may be installed later, so it is no wrong usage.
  const problems = [findCommandProblem(words) ?? [], settings.warnings, names.problems].flat();
  for (const problem of problems) log.warn(problem);
  const signal = abortOnSignal();
  const side = { stateDir: folder, runDir, lockName: places.folder, signal, restartCommand: command };
  const membership = () => buildMembership(side, ports);
  await runDaemonObserved(settings.httpAddress, {
    isShadow,
    log,
    clock,
    random,
    service: new ServiceCommand(words, undefined, signal),
    timing: settings.timing,
    engine: await ports.openEngine(),
    ledger: createLedgerFile(folder),
    locks: createLockFiles(`${folder}/locks`),
    blocks: createBlockFiles(`${folder}/blocks`),
    view: createViewFile(runDir),
    memory: isShadow ? undefined : createMemoryFile(runDir),
    mappedRepositories: names.repositories,
    reboot: buildReboot(folder, command, log),
    cluster: isShadow ? undefined : await buildCluster(settings.cluster, log, membership),
    connect: () => connectDatabases(redisUrl, ports),
    signal,
  });
}

/** Moves the state where an earlier release has left it in the old place. */
function openStateDir(places: StatePlaces, log: Log): string {
  const { folder, text, problem } = moveState(places);
  if (text !== '') log.info(text);
  if (problem !== '') log.warn(problem);
  return folder;
}

/** Undefined where a setting of it makes no sense. */
function buildReboot(stateDir: string, restartCommand: string, log: Log): RebootSide | undefined {
  try {
    return buildRebootSide(createRebootMarkFile(stateDir), restartCommand);
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'usage') throw error;
    log.warn(`the end of a reboot is not looked after: ${error.message}`);
    return undefined;
  }
}

function connectDatabases(redisUrl: string, { findDatabases, log }: HostPorts): Connection {
  const databases = findDatabases(redisUrl);
  for (const warning of databases.warnings) log.warn(warning);
  return openDatabases(databases);
}

async function buildCluster(
  { kubeconfigs, isJoinedByUs, sonicVersionFile }: ClusterSettings,
  log: Log,
  membership: () => Promise<ClusterSide['membership']>,
): Promise<ClusterSide | undefined> {
  if (kubeconfigs.length === 0) return undefined;
  if (!isJoinedByUs)
    log.info(
      'CTRKIT_KUBECONFIG names another file than CTRKIT_KUBELET_CONF: joining and leaving are left to others',
    );
  return {
    node: new KubernetesNode({ kubeconfigs, nodeName: chooseNodeName(process.env, hostname).read }),
    membership: isJoinedByUs ? await membership() : undefined,
    readSonicVersion: async () => {
      const { version, warning } = await readSonicVersion(sonicVersionFile || undefined);
      if (warning !== undefined) log.warn(warning);
      return version;
    },
  };
}

/**
 * Undefined where a setting of joining makes no sense, for instance the host's name: then the switch neither joins nor
 * leaves by itself, and everything else of the daemon runs.
 */
async function buildMembership(
  options: Omit<MembershipSideOptions, 'warn'>,
  ports: HostPorts,
): Promise<ClusterSide['membership']> {
  const { values, warning: fault } = ports.readRemoteConfig();
  const { timing, warnings } = readMembershipTiming(values);
  for (const warning of [fault ?? [], warnings].flat()) ports.log.warn(warning);
  try {
    const side = buildMembershipSide({ ...options, warn: (text) => ports.log.warn(text) });
    // With the lock the files of an earlier release are moved: at once, not only with the next join.
    const release = await side.acquireLock().catch(() => undefined);
    release?.();
    return { ...side, timing };
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'usage') throw error;
    ports.log.warn(`this switch neither joins nor leaves a Kubernetes master by itself: ${error.message}`);
    return undefined;
  }
}
