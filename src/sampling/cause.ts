/** Why a pool is exhausted, as far as its figures tell. */
import { quantile } from "./histogram.js";
import { isRefused, type Gauges, type Series } from "./series.js";

export type Cause = "undersized" | "leak" | "long-transaction" | "server-limit" | "slow-database";

/** A hold this many times the median is not part of the ordinary load. */
const OUTLIER = 10;
/** Nor is one shorter than this an outlier worth naming. */
const LONG_HOLD_MS = 2_000;
/** Uses this many times their usual length mean that the database has become slower. */
const SLOWER = 3;
/** Enough earlier uses to say what is usual. */
const USUAL_SAMPLE = 100;

export function causeOf(series: Series, gauges: Gauges, now: number, leakAfterMs: number): Cause {
  if (gauges.total < gauges.max && isRefused(series, now)) return "server-limit";
  const usual = quantile(series.use, 0.5);
  const lately = quantile(series.judgedUse.histogram, 0.5) || usual;
  const { longestHeldMs } = gauges;
  if (longestHeldMs >= LONG_HOLD_MS && longestHeldMs >= OUTLIER * lately) {
    return leakAfterMs > 0 && longestHeldMs >= leakAfterMs ? "leak" : "long-transaction";
  }
  const enough = series.use.count - series.judgedUse.histogram.count >= USUAL_SAMPLE;
  return enough && lately >= SLOWER * usual && lately >= 50 ? "slow-database" : "undersized";
}
