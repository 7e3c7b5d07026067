/** Runs measurements side by side, each in a frame of its own; gives their results in order. */
export async function measure({ jobs }) {
  return Promise.all(jobs.map(async ({ module, ...args }, index) => {
    const frame = document.createElement('iframe');
    const loaded = new Promise((resolve) => { frame.onload = resolve; });
    frame.src = `/bench/page/?client=bench-${index}`;
    document.body.append(frame);
    await loaded;
    const { measure: inside } = await frame.contentWindow.eval(`import('/bench/page/${module}.js')`);
    return inside(args);
  }));
}
