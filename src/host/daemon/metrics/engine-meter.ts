import type { CallCount, EngineCall } from '../../../decide/metrics/counts.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ContainerEngine } from '../../../ports/container-engine.ts';

const NO_CALLS: CallCount = { times: 0, seconds: 0, failures: 0 };

/** Counts the calls of an engine and takes their time, to 10 ms each. */
export class EngineMeter {
  readonly #clock: Pick<Clock, 'bootMs'>;
  readonly #calls = new Map<EngineCall, CallCount>();

  constructor(clock: Pick<Clock, 'bootMs'>) {
    this.#clock = clock;
  }

  get calls(): ReadonlyMap<EngineCall, CallCount> {
    return this.#calls;
  }

  /** An engine that does the same, counted. */
  meter(engine: ContainerEngine): ContainerEngine {
    return {
      listContainers: () => this.#take('list-containers', engine.listContainers()),
      listImages: () => this.#take('list-images', engine.listImages()),
      findContainer: (id) => this.#take('find-container', engine.findContainer(id)),
      readImageLabels: (reference) => this.#take('read-image-labels', engine.readImageLabels(reference)),
      startContainer: (id) => this.#take('start-container', engine.startContainer(id)),
      stopContainer: (id, graceS) => this.#take('stop-container', engine.stopContainer(id, graceS)),
      killContainer: (id) => this.#take('kill-container', engine.killContainer(id)),
      removeContainer: (id) => this.#take('remove-container', engine.removeContainer(id)),
      tagImage: (imageId, repository, tag) =>
        this.#take('tag-image', engine.tagImage(imageId, repository, tag)),
      removeReference: (reference) => this.#take('remove-reference', engine.removeReference(reference)),
      removeUnnamedImage: (id) => this.#take('remove-unnamed-image', engine.removeUnnamedImage(id)),
      pullImage: (reference) => this.#take('pull-image', engine.pullImage(reference)),
      pinImage: (pin) => this.#take('pin-image', engine.pinImage(pin)),
      waitContainer: (id, signal) => engine.waitContainer(id, signal),
      watch: (onEvent, onEnd) => engine.watch(onEvent, onEnd),
      close: () => engine.close(),
    };
  }

  async #take<Result>(call: EngineCall, answer: Promise<Result>): Promise<Result> {
    const startMs = this.#clock.bootMs();
    let failures = 1;
    try {
      const result = await answer;
      failures = 0;
      return result;
    } finally {
      const last = this.#calls.get(call) ?? NO_CALLS;
      this.#calls.set(call, {
        times: last.times + 1,
        seconds: last.seconds + (this.#clock.bootMs() - startMs) / 1_000,
        failures: last.failures + failures,
      });
    }
  }
}
