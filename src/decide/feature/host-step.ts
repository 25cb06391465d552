/** What ctrkitd may do for a feature. Every step is idempotent: a daemon that was killed on the way does it again. */
import type { Claim } from '../../contract/gate/claim.ts';
import type { Fallback, GoldenImage } from '../../contract/images/ledger.ts';
import type { RowValues } from '../../contract/rows.ts';
import type { PinStep } from '../images/pins.ts';
import type { LocalStartStep } from '../images/local-start.ts';
import type { LocalTarget } from '../images/local-target.ts';
import type { SwitchEdge } from './switch-over.ts';

/** `text` is one line for the log. */
export type HostStep =
  | PinStep
  /** The switch's own local image becomes the lowest rung of the ladder. */
  | { readonly kind: 'adopt-shipped'; readonly image: GoldenImage }
  | {
      readonly kind: 'certify';
      readonly image: GoldenImage;
      /** The golden image before it from now on. */
      readonly previous: GoldenImage | undefined;
      readonly text: string;
    }
  /** Clean-up looks in the repositories of the ledger only. */
  | { readonly kind: 'record-repository'; readonly repository: string }
  /** Where the local image is, for when nothing else says so. */
  | { readonly kind: 'record-local-repository'; readonly repository: string }
  /** Writes STATE_DB's `container_stable_version` and `container_last_version`. */
  | { readonly kind: 'write-versions'; readonly stableVersion: string; readonly lastVersion: string }
  | LocalStartStep
  | { readonly kind: 'clean-up' }
  /** Clears the record of a container that is gone. `record` is the guard. */
  | { readonly kind: 'release'; readonly record: RowValues; readonly claim: Claim; readonly text: string }
  /** The block's label has been set to true: the fallback is closed in the ledger. */
  | { readonly kind: 'lift-block'; readonly imageId: string; readonly version: string }
  /** The same of a version that an operator has blocked: the block goes from the disk. */
  | { readonly kind: 'lift-operator-block'; readonly version: string }
  /** Writes the block's label again, after STATE_DB was emptied. */
  | { readonly kind: 'block-version'; readonly version: string }
  | {
      readonly kind: 'fall-back';
      /** Undefined where no image is to blame, because nothing was deployed. */
      readonly fallback: Fallback | undefined;
      /** What the service is restarted to run. */
      readonly target: LocalTarget;
      /** The rows that the decision rests on: nothing is done once one of them has changed. */
      readonly guards: readonly RowValues[];
      /** The service is down though no operator has stopped it. */
      readonly isServiceDown?: boolean;
      readonly text: string;
    }
  /** Completes a fallback that the daemon's end cut short. */
  | {
      readonly kind: 'finish-fallback';
      readonly fallback: Fallback;
      readonly isRestartDue: boolean;
      /** Undefined where there is none any more: then the local image stays as it is. */
      readonly target: LocalTarget | undefined;
      /** The service is down, and only systemd knows whether an operator has stopped it. */
      readonly isServiceDown?: boolean;
    }
  /** Writes `<f>_enabled`, which lets Kubernetes deploy the feature here. */
  | { readonly kind: 'write-label'; readonly value: 'true' | 'false' }
  | { readonly kind: 'restart'; readonly edge: SwitchEdge; readonly key: string; readonly text: string };

/** Steps that disturb a service: an operator's lock forbids them, and one at a time is enough. */
export const DISRUPTIVE_STEPS: ReadonlySet<HostStep['kind']> = new Set([
  'fall-back',
  'finish-fallback',
  'restart',
]);

/** Steps that may take long, or can wait: what a service needs comes first. */
export const BACKGROUND_STEPS: ReadonlySet<HostStep['kind']> = new Set([
  'pin-image',
  'unpin-image',
  'return-name',
  'restore-image',
  'clean-up',
]);
