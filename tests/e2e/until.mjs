/**
 * Probes until something holds, and gives it. `isPassing`: which errors only say that a page is on its way; `explain` says
 * in the error what there is instead.
 */
export async function until(what, probe, { patience, isPassing, explain }) {
  const end = Date.now() + patience;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      if (!isPassing(error)) throw error;
      last = error.message;
    }
    if (Date.now() > end) throw new Error(`${what}: still not after ${patience / 1000} s, at ${await explain()} (${last})`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
