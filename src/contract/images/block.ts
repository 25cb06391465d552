/** An operator's block of one version of a feature: Kubernetes' containers of it are held on this switch, across boots. */
export interface OperatorBlock {
  readonly version: string;
  /** Why, one line. */
  readonly reason: string;
  /** Who set it, one line. */
  readonly owner: string;
  /** Wall clock, seconds, of setting it; for people. */
  readonly sinceTs: number;
}

/** So many versions of one feature may be blocked at a time. */
export const MAX_OPERATOR_BLOCKS = 64;
