import { expect, it } from "vitest";
import { isOwnHost } from "../../../src/control/guard.js";

it.each([
  ["localhost:9000", "127.0.0.1", true],
  ["127.0.0.1:9000", "127.0.0.1", true],
  ["[::1]:9000", "127.0.0.1", true],
  ["evil.example:9000", "127.0.0.1", false],
  ["192.0.2.7:9000", "127.0.0.1", false],
  // Listening everywhere: an address can't be rebound, a name can.
  ["192.0.2.7:9000", "0.0.0.0", true],
  ["[2001:db8::1]:9000", "::", true],
  ["evil.example:9000", "0.0.0.0", false],
  ["192.0.2.7.evil.example:9000", "0.0.0.0", false],
  ["", "0.0.0.0", false],
])("Host: %s at a server that listens on %s is its own: %s", (header, host, own) => {
  expect(isOwnHost(header, host)).toBe(own);
});
