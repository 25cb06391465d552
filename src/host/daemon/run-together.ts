/** Runs each part until `signal` aborts. A defect of one ends the others, and is thrown when all have ended. */
export async function runTogether(
  signal: AbortSignal,
  parts: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const results = await Promise.allSettled(
    parts.map(async (run) => {
      try {
        await run(controller.signal);
      } finally {
        stop();
      }
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
