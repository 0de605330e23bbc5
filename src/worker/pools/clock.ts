/**
 * Node's clock. The global of the same name is a getter, which costs as much as the clock; an import would
 * load it, 1 ms, into the boot of workers that may never have a pool.
 */
export let performance: { now(): number } = {
  now() {
    ({ performance } = process.getBuiltinModule("node:perf_hooks"));
    return performance.now();
  },
};
