/** What the disk of this host says about joining and leaving, and the one file of it that ctrkit writes. */
export interface MembershipFiles {
  /** kubelet has its own configuration, which a join writes. */
  readonly hasJoined: () => boolean;
  /**
   * A join or a reset has begun and is not done, so that half a node may be there. An admin configuration alone does not count:
   * an operator may have put it there.
   */
  readonly isUnfinished: () => boolean;
  /** The path of a file for kubelet that no join made and that a reset would remove; undefined if there is none. */
  readonly findStaticPod: () => string | undefined;
  /** The server of CONFIG_DB that the stored admin configuration came from; undefined if nobody knows. */
  readonly findJoinedServer: () => string | undefined;
  /** On the disk when it returns, whole or not at all, for root only. Throws CtrkitError('disk'). */
  readonly writeAdminConfig: (text: string) => void;
  /** The end of a leave: afterwards nothing is unfinished. A file that is not there counts as removed. Throws CtrkitError('disk'). */
  readonly removeAdminConfig: () => void;
  /** The file whose presence means that the switch has joined. */
  readonly kubeletConfigPath: string;
}
