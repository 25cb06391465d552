import type { DaemonView, FeatureView } from '../../../contract/feature/daemon-view.ts';

/** Where the view is written. Throws CtrkitError('disk'). */
export interface ViewTarget {
  readonly write: (view: DaemonView) => void;
  readonly remove: () => void;
}

/** A failing time rises with every reconcile: for that alone the view is not written more often than this. */
const REWRITE_EVERY_MS = 2_000;

/** Writes the daemon's view when it has changed. */
export class ViewPublisher {
  readonly #target: ViewTarget;
  readonly #about: Pick<DaemonView, 'isShadow' | 'bootId' | 'startedMs'>;
  readonly #onProblem: (problem: string) => void;
  #lastFingerprint = '';
  /** Boot clock. */
  #lastMs = 0;

  constructor(
    target: ViewTarget,
    about: Pick<DaemonView, 'isShadow' | 'bootId' | 'startedMs'>,
    onProblem: (problem: string) => void,
  ) {
    this.#target = target;
    this.#about = about;
    this.#onProblem = onProblem;
  }

  publish(
    problems: readonly string[],
    features: ReadonlyMap<string, { readonly view: FeatureView | undefined }>,
    nowMs: number,
  ): void {
    const views = Object.fromEntries(
      [...features].flatMap(([name, { view }]) => (view ? [[name, view]] : [])),
    );
    const fingerprint = JSON.stringify([
      problems,
      Object.entries(views).map(([name, view]) => [name, omitTimes(view)]),
    ]);
    if (fingerprint === this.#lastFingerprint && nowMs < this.#lastMs + REWRITE_EVERY_MS) return;
    this.#lastFingerprint = fingerprint;
    this.#lastMs = nowMs;
    try {
      this.#target.write({ ...this.#about, pid: process.pid, problems, features: views });
    } catch (error) {
      // The view is for people only: a full disk must not keep the daemon from its work.
      this.#onProblem((error as Error).message);
    }
  }

  close(): void {
    this.#target.remove();
  }
}

const omitTimes = ({ fallback, ...view }: FeatureView): unknown =>
  fallback.kind === 'failing'
    ? { ...view, fallback: { ...fallback, failingMs: 0, asOfMs: 0, text: '' } }
    : { ...view, fallback };
