import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBurst } from "../../../src/primary/watch/burst.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function collect(took = 0) {
  const bursts: (readonly string[])[] = [];
  const burst = createBurst(async (paths) => {
    bursts.push(paths);
    await new Promise((resolve) => setTimeout(resolve, took));
  });
  return { burst, bursts };
}

describe("a burst of changes", () => {
  it("is one, however its writes are spaced within a moment", async () => {
    const { burst, bursts } = collect();
    for (let at = 0; at < 40; at += 1) {
      burst.add(`file${at % 10}`);
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(bursts).toHaveLength(1);
    expect(bursts[0]).toHaveLength(10);
  });

  it("that goes on while the first is acted upon is one more, once it has ended", async () => {
    const { burst, bursts } = collect(100);
    burst.add("a");
    await vi.advanceTimersByTimeAsync(80);
    for (let at = 0; at < 10; at += 1) {
      burst.add(`b${at}`);
      await vi.advanceTimersByTimeAsync(40);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(bursts.map(({ length }) => length)).toEqual([1, 10]);
  });

  it("that never ends is handed on all the same", async () => {
    const { burst, bursts } = collect();
    for (let at = 0; at < 120; at += 1) {
      burst.add("a.log");
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(bursts.length).toBeGreaterThan(0);
    burst.close();
  });

  it("is dropped when watching ends", async () => {
    const { burst, bursts } = collect();
    burst.add("a");
    burst.close();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(bursts).toEqual([]);
  });
});
