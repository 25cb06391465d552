/**
 * Lets callers at the same time share one call, and gives none an answer that is older than its question: a call that is under
 * way already began before, so everybody who comes meanwhile shares the one that follows it.
 */
export function shareCalls<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let following: Promise<T> | undefined;
  const run = (): Promise<T> => {
    const started = call().finally(() => {
      if (running === started) running = undefined;
    });
    running = started;
    return started;
  };
  return () => {
    if (running === undefined) return run();
    following ??= running
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        following = undefined;
        return run();
      });
    return following;
  };
}
