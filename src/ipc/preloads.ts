/** Whether a worker runs something before its own program: `--import` and its like. */
const PRELOADS = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)\b/;

/** By this process's own arguments and environment, which workers inherit. */
export const hasPreloads = (): boolean =>
  PRELOADS.test([...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" "));
