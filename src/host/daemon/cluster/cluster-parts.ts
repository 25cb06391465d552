import type { DaemonComponent } from '../watch/daemon-component.ts';
import { ClusterController, type ClusterControllerPorts } from './cluster-controller.ts';
import { MembershipController, type MembershipControllerPorts } from './membership-controller.ts';

type Shared = 'clock' | 'log' | 'random';

/** What only a switch needs that may be a node of a cluster. */
export interface ClusterSide {
  readonly node: ClusterControllerPorts['node'];
  readonly readSonicVersion: ClusterControllerPorts['readSonicVersion'];
  /** Undefined where a setting of joining makes no sense, or where another program joins; that was logged. */
  readonly membership:
    Omit<MembershipControllerPorts, Shared | 'locks' | 'connection' | 'onChange'> | undefined;
}

interface ClusterPartsPorts
  extends
    Pick<ClusterControllerPorts, Shared | 'ledger' | 'findLadderFacts' | 'onProblems'>,
    Pick<MembershipControllerPorts, 'locks' | 'connection'> {
  readonly side: ClusterSide;
}

export interface ClusterParts {
  readonly components: readonly DaemonComponent[];
  /** Each runs until `signal` aborts, or until the daemon closes its components. */
  readonly runs: readonly ((signal: AbortSignal) => Promise<void>)[];
  /** The golden images may have changed. */
  readonly wake: () => void;
}

/** For a switch whose Node and KUBERNETES_MASTER are another program's. */
export const NO_CLUSTER_PARTS: ClusterParts = { components: [], runs: [], wake: () => undefined };

/** Builds the controller of the Node's labels and of KUBERNETES_MASTER, and the one that joins and leaves. */
export function buildClusterParts(ports: ClusterPartsPorts): ClusterParts {
  const { side, clock, log, random, ledger, findLadderFacts, onProblems, locks, connection } = ports;
  const controller = new ClusterController({
    node: side.node,
    readSonicVersion: side.readSonicVersion,
    clock,
    log,
    random,
    ledger,
    findLadderFacts,
    onProblems,
  });
  const parts: ClusterParts = {
    components: [controller],
    runs: [() => controller.run()],
    wake: controller.wake,
  };
  if (side.membership === undefined) return parts;
  const { tools, files, adminConfigs, service, acquireLock, timing } = side.membership;
  const membership = new MembershipController({
    tools,
    files,
    adminConfigs,
    service,
    acquireLock,
    timing,
    clock,
    log,
    locks,
    random,
    connection,
    onChange: () => {
      controller.wake();
      onProblems();
    },
  });
  const runs = [...parts.runs, (signal: AbortSignal) => membership.run(signal)];
  return { components: [controller, membership], runs, wake: parts.wake };
}
