export interface MemoryReading {
  /** By feature, as they were written; whoever reads them decodes them. Empty where nothing of this boot is there. */
  readonly features: Readonly<Record<string, unknown>>;
  /** One line on why what is there does not count; empty where nothing is wrong. */
  readonly problem: string;
}

/** What ctrkitd remembers of the features until its next start, in one boot. */
export interface MemoryStore {
  /** Of this boot. Throws nothing. */
  readonly read: (bootId: string) => MemoryReading;
  /** Whole or not at all; it need not outlive a power cut. Throws CtrkitError('disk'). */
  readonly write: (bootId: string, features: Readonly<Record<string, unknown>>) => void;
}
