import type { Labels } from '../contract/cluster/node-labels.ts';

/** The API server that the kubeconfig names. */
export interface ClusterServer {
  /** An address or a name, as the kubeconfig has it. */
  readonly host: string;
  readonly port: number;
}

/** The Node of this switch, as far as ctrkitd uses it. */
export interface NodeState {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Labels;
  /** Keys of labels that ctrkitd wrote last: the API server records that in managedFields. */
  readonly owned: ReadonlySet<string>;
}

export type NodeReading =
  | { readonly kind: 'found'; readonly node: NodeState }
  /** The API server answers, and has no such Node. */
  | { readonly kind: 'missing' };

export interface LabelWrite {
  readonly key: string;
  /** Undefined removes the label. */
  readonly value: string | undefined;
  /** The write happens only if the Node still has this version. */
  readonly resourceVersion?: string;
}

export type LabelResult =
  | { readonly kind: 'written'; readonly node: NodeState }
  /** The API server does not accept this label; `text` is its reason, one line. To try again at once is of no use. */
  | { readonly kind: 'refused'; readonly text: string }
  /**
   * The API server answers and does not write: it has too much to do (`isBusy`), one of its webhooks is broken, or this switch
   * has no such right. The write is to be tried again later.
   */
  | { readonly kind: 'failed'; readonly text: string; readonly isBusy: boolean }
  /** The Node has changed since it was read. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'missing' };

export interface NodeWatch {
  /** The Node has changed; undefined: it was deleted. */
  readonly onChange: (node: NodeState | undefined) => void;
  /** A sign of life without a change. */
  readonly onSign: () => void;
  /** Called once, when the API server has ended the watch or it has failed; never after the function that `watch` returns. */
  readonly onEnd: (reason: string) => void;
}

/**
 * The Node of this switch on its cluster's API server. Every call ends within a time limit of its own, and reads the kubeconfig,
 * certificates and tokens anew. A call that could not be carried out throws CtrkitError('cluster').
 */
export interface ClusterNode {
  /** The Node's name as of now. Throws CtrkitError('cluster') for a name that no Node can have. */
  readonly readName: () => string;
  /** Undefined if there is no kubeconfig: the switch has not joined. Throws CtrkitError('cluster') for a broken one. */
  readonly findServer: () => Promise<ClusterServer | undefined>;
  readonly read: () => Promise<NodeReading>;
  /** Writes one label alone, so that a label that is refused stops no other (D23). */
  readonly writeLabel: (write: LabelWrite) => Promise<LabelResult>;
  /** Resolves when the watch is open, from `resourceVersion` on. The API server ends it after `timeoutS`. Returns how to stop it. */
  readonly watch: (
    from: { resourceVersion: string; timeoutS: number },
    watch: NodeWatch,
  ) => Promise<() => void>;
  /** Ends every call and watch that is under way. */
  readonly close: () => void;
}
