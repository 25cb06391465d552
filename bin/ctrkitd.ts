import { hostname } from 'node:os';
import { keepHeapSmall } from '../src/adapters/heap.ts';
import { CtrkitError } from '../src/contract/errors.ts';
import { EXIT } from '../src/contract/exit-codes.ts';
import type { Log } from '../src/ports/log.ts';
import type { Databases } from '../src/contract/databases.ts';
import { RedisRowStore } from '../src/adapters/redis/row-store.ts';
import { readLocalRepositories } from '../src/host/adapters/local-repositories.ts';
import { KubernetesNode } from '../src/host/adapters/kubernetes/kubernetes-node.ts';
import { readSonicVersion } from '../src/host/adapters/kubernetes/sonic-version.ts';
import { RedisRowFields } from '../src/host/adapters/redis/row-fields.ts';
import { RedisSwitchTables } from '../src/host/adapters/redis/switch-tables.ts';
import {
  DEFAULT_RESTART_COMMAND,
  parseRestartCommand,
  ServiceCommand,
} from '../src/host/adapters/service/service-command.ts';
import { assertSingle } from '../src/host/adapters/single-instance.ts';
import { parseDaemonLine, type DaemonOptions } from '../src/host/commands/ctrkitd/options.ts';
import type { Connection } from '../src/host/daemon/watch/daemon-component.ts';
import type { ClusterSide } from '../src/host/daemon/cluster/cluster-parts.ts';
import { startDaemon } from '../src/host/daemon/start-daemon.ts';
import { readDaemonSettings, type ClusterSettings } from '../src/host/daemon/settings.ts';
import { ledgerFileIn } from '../src/host/adapters/ledger/ledger-file.ts';
import { lockFilesIn } from '../src/host/adapters/locks/lock-file.ts';
import { chooseNodeName } from '../src/host/node-name.ts';
import { readMembershipTiming } from '../src/host/membership/settings.ts';
import { viewFileIn } from '../src/host/adapters/view/view-file.ts';
import { buildMembershipSide } from './membership-side.ts';
import { buildHostPorts } from './host-ports.ts';
import { runMain } from './main.ts';

async function main({ isShadow, redisUrl, restartCommand, stateDir }: DaemonOptions): Promise<number> {
  keepHeapSmall();
  const ports = buildHostPorts(isShadow ? 'ctrkitd-shadow' : 'ctrkitd');
  const settings = readDaemonSettings(process.env);
  const command = restartCommand || settings.restartCommand || DEFAULT_RESTART_COMMAND;
  const words = parseRestartCommand(command);
  // A wrong URL stays wrong; files that tell where the databases are come and go.
  if (redisUrl || ports.settings.redisUrl) ports.findDatabases(redisUrl);
  const folder = stateDir || settings.stateDir;
  await assertSingle(`ctrkitd:${isShadow ? 'shadow:' : ''}${folder}`);
  const names = readLocalRepositories(settings.imageNamesFile || undefined);
  for (const warning of [...settings.warnings, ...names.problems]) ports.log.warn(warning);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  await startDaemon({
    ...ports,
    isShadow,
    service: new ServiceCommand(words, undefined, stop.signal),
    timing: settings.timing,
    engine: await ports.openEngine(),
    ledger: ledgerFileIn(folder),
    locks: lockFilesIn(`${folder}/locks`),
    view: viewFileIn(isShadow ? `${settings.runDir}/shadow` : settings.runDir),
    mappedRepositories: names.repositories,
    cluster: isShadow
      ? undefined
      : buildCluster(settings.cluster, ports.log, () =>
          buildMembership({ stateDir: folder, signal: stop.signal, restartCommand: command }, ports),
        ),
    connect: () => {
      const databases = ports.findDatabases(redisUrl);
      for (const warning of databases.warnings) ports.log.warn(warning);
      return openConnection(databases);
    },
    signal: stop.signal,
  });
  return EXIT.ok;
}

function openConnection(databases: Databases): Connection {
  const store = new RedisRowStore(databases);
  const tables = new RedisSwitchTables(databases);
  const fields = new RedisRowFields(databases);
  return {
    store,
    tables,
    listFields: (address) => fields.list(address),
    close: () => {
      for (const one of [store, tables, fields]) one.close();
    },
  };
}

function buildCluster(
  { kubeconfigs, isJoinedByUs, sonicVersionFile }: ClusterSettings,
  log: Log,
  membership: () => ClusterSide['membership'],
): ClusterSide | undefined {
  if (kubeconfigs.length === 0) return undefined;
  if (!isJoinedByUs)
    log.info(
      'CTRKIT_KUBECONFIG names another file than CTRKIT_KUBELET_CONF: joining and leaving are left to others',
    );
  return {
    node: new KubernetesNode({ kubeconfigs, nodeName: chooseNodeName(process.env, hostname).read }),
    membership: isJoinedByUs ? membership() : undefined,
    readSonicVersion: async () => {
      const { version, warning } = await readSonicVersion(sonicVersionFile || undefined);
      if (warning !== undefined) log.warn(warning);
      return version;
    },
  };
}

/** A setting that makes no sense, the host's name say, keeps the switch from joining, and the daemon from nothing else. */
function buildMembership(
  options: Parameters<typeof buildMembershipSide>[0],
  ports: ReturnType<typeof buildHostPorts>,
): ClusterSide['membership'] {
  const { values, warning: fault } = ports.readRemoteConfig();
  const { timing, warnings } = readMembershipTiming(values);
  for (const warning of [fault ?? [], warnings].flat()) ports.log.warn(warning);
  try {
    return { ...buildMembershipSide(options), timing };
  } catch (error) {
    if (!(error instanceof CtrkitError) || error.code !== 'usage') throw error;
    ports.log.warn(`this switch neither joins nor leaves a Kubernetes master by itself: ${error.message}`);
    return undefined;
  }
}

void runMain('ctrkitd', async () => {
  const line = parseDaemonLine(process.argv.slice(2));
  if (line.kind === 'run') return main(line.options);
  process.stdout.write(line.text);
  return EXIT.ok;
});
