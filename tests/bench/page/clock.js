// Both clocks and all timers of this page, to be held and moved. Installed before a library is loaded.

export function takeClock() {
  const { Date: RealDate, setTimeout: later, clearTimeout: never } = globalThis;
  const mono = performance.now.bind(performance);
  const timers = new Map();
  const shift = { wall: 0, mono: 0 };
  let frozen = false;
  let lastId = 0;

  const now = () => mono() + shift.mono;

  const arm = (timer) => {
    if (!frozen) timer.handle = later(fire, Math.max(0, timer.due - now()), timer);
  };
  const fire = (timer) => {
    if (timer.every === undefined) timers.delete(timer.id);
    else {
      timer.due = now() + timer.every;
      arm(timer);
    }
    timer.run();
  };
  const start = (repeat) => (callback, delay, ...args) => {
    // As browsers count: a signed 32-bit number.
    const wait = Math.max(0, Number(delay) | 0);
    const timer = { id: (lastId += 1), due: now() + wait, run: () => callback(...args), every: repeat ? Math.max(wait, 1) : undefined };
    timers.set(timer.id, timer);
    arm(timer);
    return timer.id;
  };
  const stop = (id) => {
    const timer = timers.get(id);
    if (!timer) return;
    timers.delete(id);
    never(timer.handle);
  };

  globalThis.Date = class Date extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + shift.wall);
      else super(...args);
    }

    static now() {
      return RealDate.now() + shift.wall;
    }
  };
  performance.now = now;
  globalThis.setTimeout = start(false);
  globalThis.setInterval = start(true);
  globalThis.clearTimeout = stop;
  globalThis.clearInterval = stop;

  return {
    /** The clock of the measurement, which nothing moves. */
    stopwatch: mono,
    /** Really waits. */
    wait: (ms) => new Promise((resolve) => { later(resolve, ms); }),
    /** No timer fires any more. */
    freeze() {
      frozen = true;
      for (const { handle } of timers.values()) never(handle);
    },
    /** Timers fire again, those that are due at once. */
    thaw() {
      frozen = false;
      for (const timer of [...timers.values()].sort((a, b) => a.due - b.due)) arm(timer);
    },
    /** Time passes on both clocks. */
    pass(ms) {
      shift.wall += ms;
      shift.mono += ms;
    },
    /** Somebody sets the wall clock. */
    setWall(ms) {
      shift.wall += ms;
    },
  };
}
