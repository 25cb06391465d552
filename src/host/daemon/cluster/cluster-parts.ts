import type { DaemonComponent } from '../watch/daemon-component.ts';
import { ClusterController, type ClusterControllerPorts } from './cluster-controller.ts';
import { MembershipController, type MembershipControllerPorts } from './membership-controller.ts';

type Shared = 'clock' | 'log' | 'random';

/** What only a switch needs that may be a node of a master. */
export interface ClusterSide {
  readonly node: ClusterControllerPorts['node'];
  readonly readSonicVersion: ClusterControllerPorts['readSonicVersion'];
  /** Undefined where it can't be told how to join, or another program does; that was said. */
  readonly membership:
    Omit<MembershipControllerPorts, Shared | 'locks' | 'connection' | 'onChange'> | undefined;
}

interface ClusterPartsPorts
  extends
    Pick<ClusterControllerPorts, Shared | 'ledger' | 'onProblems'>,
    Pick<MembershipControllerPorts, 'locks' | 'connection'> {
  readonly side: ClusterSide;
}

export interface ClusterParts {
  readonly components: readonly DaemonComponent[];
  /** Each until `signal` aborts, or until the daemon closes its companions. */
  readonly runs: readonly ((signal: AbortSignal) => Promise<void>)[];
  /** What is golden may be another image. */
  readonly wake: () => void;
}

/** A switch whose node and master are another program's. */
export const NO_CLUSTER_PARTS: ClusterParts = { components: [], runs: [], wake: () => undefined };

/** The labels of the node and the state of the master; and joining and leaving it. */
export function buildClusterParts({ side, ...ports }: ClusterPartsPorts): ClusterParts {
  const { clock, log, locks, connection } = ports;
  const random = (): number => ports.random();
  const onProblems = (): void => ports.onProblems();
  const keeper = new ClusterController({
    ...side,
    clock,
    log,
    random,
    onProblems,
    ledger: () => ports.ledger(),
  });
  const parts: ClusterParts = {
    components: [keeper],
    runs: [() => keeper.run()],
    wake: keeper.wake,
  };
  if (side.membership === undefined) return parts;
  const membership = new MembershipController({
    ...side.membership,
    clock,
    log,
    locks,
    random,
    connection,
    onChange: () => {
      keeper.wake();
      onProblems();
    },
  });
  return {
    ...parts,
    components: [keeper, membership],
    runs: [...parts.runs, (signal) => membership.run(signal)],
  };
}
