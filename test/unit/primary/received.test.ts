import { describe, expect, it } from "vitest";
import { consumedInodes } from "../../../src/primary/distribution/received.js";

/** A line of the kernel's table of TCP connections. */
const line = (inode: number, unread: string, timer: number): string =>
  `   9: 0100007F:904B 0100007F:9352 01 00000000:${unread} 00:00000000 00000000     0        0 ${inode} 1 00000000dd9f23e9 20 ${timer} 30 10 -1`;

const TABLE = ["  sl  local_address rem_address", line(1, "00000000", 0), line(2, "0000001F", 4)]
  .concat(line(3, "00000000", 4), line(33, "00000000", 4))
  .join("\n");

describe("whether a connection's bytes are gone", () => {
  it("is told by a timer of acknowledgements that has started and a queue that is empty", () => {
    expect([...consumedInodes(TABLE, new Set(["1", "2", "3", "4"]))]).toEqual(["3"]);
  });
});
