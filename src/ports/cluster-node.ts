import type { Labels } from '../contract/cluster/node-labels.ts';

/** The API server that the kubeconfig names. */
export interface ClusterServer {
  /** An address or a name, as the kubeconfig has it. */
  readonly host: string;
  readonly port: number;
}

/** The Node object of this switch. */
export interface NodeState {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Labels;
  /** Keys of labels that ctrkitd wrote last: the API server itself keeps that, in managedFields. */
  readonly owned: ReadonlySet<string>;
}

export type NodeReading =
  | { readonly kind: 'found'; readonly node: NodeState }
  /** The server answers, and has no such node. */
  | { readonly kind: 'missing' };

export interface LabelWrite {
  readonly key: string;
  /** Undefined takes it away. */
  readonly value: string | undefined;
  /** The write succeeds only while the node still has this version. */
  readonly resourceVersion?: string;
}

export type LabelResult =
  | { readonly kind: 'written'; readonly node: NodeState }
  /** The server does not want this label; `text` is its reason, one line. To try again at once is of no use. */
  | { readonly kind: 'refused'; readonly text: string }
  /**
   * The server answers, and does not do it: it has too much to do (`isBusy`), a webhook of it is broken, or this switch has
   * no such right. To be tried again later.
   */
  | { readonly kind: 'failed'; readonly text: string; readonly isBusy: boolean }
  /** The node has changed since it was read. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'missing' };

export interface NodeWatch {
  /** The node has changed; undefined: it is deleted. */
  readonly onChange: (node: NodeState | undefined) => void;
  /** A sign of life without a change. */
  readonly onSign: () => void;
  /** Once, when the server has ended it or can't be followed any more; never after the returned function was called. */
  readonly onEnd: (why: string) => void;
}

/**
 * The Node object of this switch on its cluster's API server. Every call ends within a time limit of its own and reads the
 * kubeconfig, certificates and tokens anew; one that could not be carried out throws CtrkitError('cluster').
 */
export interface ClusterNode {
  /** The name of this switch's node, as of now. */
  readonly readName: () => string;
  /** Undefined if there is no kubeconfig: the switch has not joined. Throws CtrkitError('cluster') for a broken one. */
  readonly findServer: () => Promise<ClusterServer | undefined>;
  readonly read: () => Promise<NodeReading>;
  /** One label, so that one that is refused stops no other (D23). */
  readonly writeLabel: (write: LabelWrite) => Promise<LabelResult>;
  /** Resolves when watching from `resourceVersion` on. The server ends it after `timeoutS`. Returns how to end it. */
  readonly watch: (
    from: { resourceVersion: string; timeoutS: number },
    watch: NodeWatch,
  ) => Promise<() => void>;
  /** Ends every call and watch that is under way. */
  readonly close: () => void;
}
