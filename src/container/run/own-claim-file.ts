import type { ClaimFile } from '../../ports/claim-file.ts';

/** The claim file as the gate and the agent of one process use it. */
export interface OwnClaimFile {
  readonly forGate: ClaimFile;
  /** Empty until this process's own gate has left its claim. */
  readonly forAgent: ClaimFile;
  /** The application has ended, and the claim with it: what comes next in this start of the container asks anew. */
  readonly forget: () => void;
}

/**
 * `ctrkit_agent run` may be started again in one start of the container, with another feature or into a hold. What the one
 * before has left is not its claim: its application runs by its own gate's go only.
 */
export function createOwnClaimFile(claimFile: ClaimFile): OwnClaimFile {
  let isOwn = false;
  const remove = (): void => {
    if (isOwn) claimFile.remove();
  };
  return {
    forGate: {
      ...claimFile,
      write(claim) {
        claimFile.write(claim);
        isOwn = true;
      },
    },
    forAgent: { read: () => (isOwn ? claimFile.read() : undefined), write: claimFile.write, remove },
    forget: remove,
  };
}
