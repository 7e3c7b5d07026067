import { IDS } from '../libraries.mjs';

const FRAMES = 4;

export default {
  id: 'wall-jump',
  title: 'Wall clock jumps past expiry and nobody asks: refresh sent',
  unit: 'ms',
  digits: 0,
  reach: '1000',
  notes: ['All libraries at once, each in frames of its own, from different moments.'],
  rounds: { quick: 1, full: 2 },
  /** All libraries in one page: it is mostly waiting. */
  sampleAll: async ({ stage }, { round, rounds, quick }) => {
    const jobs = Array.from({ length: FRAMES }, (_, frame) =>
      IDS.map((library) => ({
        module: 'wall-jump',
        library,
        latency: 0,
        delay: Math.round((5000 * (frame * rounds + round)) / (FRAMES * rounds)),
        limit: quick ? 6000 : 15_000,
      }))).flat();
    const outcomes = await stage.measure('frames', { jobs });
    return outcomes.map((outcome, index) => [jobs[index].library, outcome]);
  },
};
