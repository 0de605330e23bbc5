import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startGroup } from "../support/distribution.js";

const HEADERS = "HTTP/1.1\r\nHost: a\r\n";
const CONVERSATIONS: readonly [string, string, RegExp][] = [
  ["one request", `GET /a ${HEADERS}\r\n`, /\/a 0;$/],
  ["requests in a row", `GET /a ${HEADERS}\r\nGET /b ${HEADERS}\r\n`, /\/a 0;[^]*\/b 0;$/],
  ["an empty line before it", `\r\nGET /a ${HEADERS}\r\n`, /\/a 0;$/],
  [
    "a body larger than one read",
    `POST /a ${HEADERS}Content-Length: 300000\r\n\r\n${"x".repeat(300_000)}`,
    /\/a 300000;$/,
  ],
  [
    "an upgrade, and what follows it",
    `GET /a ${HEADERS}Connection: Upgrade\r\nUpgrade: echo\r\n\r\nhello`,
    /^HTTP\/1.1 101 [^]*\r\n\r\nhello$/,
  ],
  ["nonsense", "nonsense\r\n\r\n", /^HTTP\/1.1 400 /],
];

/** Sends as soon as it is connected. */
async function client(port: number, text: string): Promise<{ socket: Socket; got: () => string }> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let got = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => (got += String(chunk)));
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(text);
  return { socket, got: () => got };
}

const answers = (got: () => string, expected: RegExp): Promise<unknown> =>
  vi.waitUntil(() => expected.test(got()), { timeout: 20_000, interval: 5 });

describe("a request that is there when its connection is accepted", () => {
  it.each(CONVERSATIONS)("is answered as any other: %s", async (_, text, expected) => {
    const { pid, port } = await startGroup().fork("echo", { APP: "echo" });
    process.kill(pid, "SIGSTOP");
    const early = await client(port, text);
    process.kill(pid, "SIGCONT");
    await answers(early.got, expected);
    const usual = await client(port, "");
    usual.socket.write(text);
    await answers(usual.got, expected);
    const normal = (whole: string): string => whole.replaceAll(/Date: .*/g, "");
    expect(normal(early.got())).toBe(normal(usual.got()));
  });
});
