// Medians and quartiles.

/** A quantile by linear interpolation. */
export function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.ceil(at)] - sorted[low]) * (at - low);
}

export function summary(samples) {
  return {
    count: samples.length,
    median: quantile(samples, 0.5),
    low: quantile(samples, 0.25),
    high: quantile(samples, 0.75),
    min: Math.min(...samples),
    max: Math.max(...samples),
  };
}
