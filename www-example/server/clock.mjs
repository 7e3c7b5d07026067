// A server whose clock is wrong. The provider and the API run in this process and read `Date`, so `Date` is
// what has to be shifted, for the whole process; timers keep running in real time.

const RealDate = globalThis.Date;
let offset = 0;

class ShiftedDate extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + offset] : args));
  }

  static now() {
    return RealDate.now() + offset;
  }
}

export const clock = {
  /** Sets the servers' clock `ms` ahead of the real one (negative: behind). */
  shift(ms) {
    offset = ms;
    globalThis.Date = ms === 0 ? RealDate : ShiftedDate;
  },
  get offset() {
    return offset;
  },
};
