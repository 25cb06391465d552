/** What the host side may do for a feature. Each can be done again: a daemon that was killed does. */
import type { Claim } from '../../contract/gate/claim.ts';
import type { Duties, Fallback, GoldenImage } from '../../contract/images/ledger.ts';
import type { RowValues } from '../../contract/rows.ts';
import type { SwitchEdge } from './switch-over.ts';

export type HostStep =
  /** The switch's own local image is golden until another one is. */
  | { readonly kind: 'adopt-shipped'; readonly image: GoldenImage }
  | { readonly kind: 'certify'; readonly image: GoldenImage; readonly text: string }
  | { readonly kind: 'remember-repository'; readonly repository: string }
  /** STATE_DB's `container_stable_version` and `container_last_version`. */
  | { readonly kind: 'mirror'; readonly stableVersion: string; readonly lastVersion: string }
  | { readonly kind: 'tag-as-local'; readonly imageId: string; readonly repository: string }
  | { readonly kind: 'remove-local-container'; readonly containerId: string }
  | { readonly kind: 'clean-up' }
  | { readonly kind: 'strike-out'; readonly duty: keyof Duties; readonly text: string }
  /** The record of a container that is gone. */
  | { readonly kind: 'release'; readonly record: RowValues; readonly claim: Claim; readonly text: string }
  /** Somebody has set the block's label to true. */
  | { readonly kind: 'lift'; readonly imageId: string; readonly version: string }
  /** STATE_DB was emptied since: the block stands again. */
  | { readonly kind: 'block'; readonly version: string }
  | {
      readonly kind: 'fall-back';
      /** Undefined where no image is to blame: nothing was deployed. */
      readonly fallback: Fallback | undefined;
      /** What has to stand still for it to happen. */
      readonly guards: readonly RowValues[];
      /** It came down by itself: nobody has stopped it. */
      readonly isServiceDown?: boolean;
      readonly text: string;
    }
  /** A fallback that was on its way when the daemon was killed. */
  | { readonly kind: 'finish-fallback'; readonly fallback: Fallback; readonly isRestartDue: boolean }
  /** `<f>_enabled`, which lets Kubernetes deploy the feature here. */
  | { readonly kind: 'label'; readonly value: 'true' | 'false' }
  | { readonly kind: 'restart'; readonly edge: SwitchEdge; readonly key: string; readonly text: string };

/** Steps that disturb a service: an operator's lock keeps them, and one at a time is enough. */
export const DISRUPTIVE_STEPS: ReadonlySet<HostStep['kind']> = new Set([
  'fall-back',
  'finish-fallback',
  'restart',
]);
