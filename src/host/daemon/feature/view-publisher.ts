import type { DaemonView, FeatureView } from '../../../contract/feature/daemon-view.ts';

/** Where the view is written. Throws CtrkitError('disk'). */
export interface ViewTarget {
  write(view: DaemonView): void;
  remove(): void;
}

/** What fails is shown with its time so far, which is another one with each look: no need to write it each time. */
const SAME_FOR_MS = 2_000;

/** Writes what the daemon thinks when it thinks something else. */
export class ViewPublisher {
  readonly #target: ViewTarget;
  readonly #about: Pick<DaemonView, 'isShadow' | 'bootId' | 'startedMs'>;
  readonly #onProblem: (text: string) => void;
  #last = '';
  #lastMs = 0;

  constructor(
    target: ViewTarget,
    about: Pick<DaemonView, 'isShadow' | 'bootId' | 'startedMs'>,
    onProblem: (text: string) => void,
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
      Object.entries(views).map(([name, view]) => [name, withoutTimes(view)]),
    ]);
    if (fingerprint === this.#last && nowMs < this.#lastMs + SAME_FOR_MS) return;
    this.#last = fingerprint;
    this.#lastMs = nowMs;
    try {
      this.#target.write({ ...this.#about, pid: process.pid, problems, features: views });
    } catch (error) {
      // It is for people only: a disk that is full must not keep the daemon from its work.
      this.#onProblem((error as Error).message);
    }
  }

  close(): void {
    this.#target.remove();
  }
}

const withoutTimes = ({ fallback, ...view }: FeatureView): unknown =>
  fallback.kind === 'failing'
    ? { ...view, fallback: { ...fallback, failingMs: 0, asOfMs: 0, text: '' } }
    : { ...view, fallback };
