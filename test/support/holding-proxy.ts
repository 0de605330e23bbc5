/**
 * Stands between a client and a real server and passes everything on, until a statement comes that
 * it is told to hold: then whoever asked for the statement can be dealt with at exactly that moment.
 * Nothing of the program knows about it: to both sides it is a slow network.
 */
import { createServer, connect, type Socket } from "node:net";

export interface Stop {
  /** Matched against the text of each statement that the client sends. */
  readonly statement: RegExp;
  /** `before` the server sees it, or `after` the server has answered it and before the client knows. */
  readonly when: "before" | "after";
}

export interface HoldingProxy {
  /** The URL of the database behind it, through it. */
  readonly url: string;
  /** Resolves once the statement is held. */
  hold(stop: Stop): Promise<void>;
  /** Lets go of what is held. */
  release(): void;
  /** Ends the connection that is held, on both sides. */
  cut(): void;
  close(): Promise<void>;
}

interface Wanted extends Stop {
  readonly reached: () => void;
}

/** What the connections of one proxy share. */
interface Shared {
  wanted: Wanted | null;
  held: { readonly letGo: () => void; readonly cut: () => void } | null;
}

const HEADER = 5;
/** The first message has no type byte; this is its protocol version. */
const VERSION_3 = 196_608;
/** Frontend messages with a statement's text: Query, and Parse behind its name. */
const WITH_TEXT = [0x51, 0x50];

/** The whole messages at the start of `bytes`, and the rest. */
function messagesOf(bytes: Buffer): [Buffer[], Buffer] {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= HEADER) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at, end));
    at = end;
  }
  return [messages, bytes.subarray(at)];
}

function statementOf(message: Buffer): string {
  return WITH_TEXT.includes(message[0] ?? 0) ? message.toString("utf8", HEADER) : "";
}

/** Passes bytes on, or keeps them. */
function createValve(sink: Socket): { send(bytes: Buffer): void; shut(): void; open(): void } {
  let kept: Buffer[] | null = null;
  return {
    send(bytes) {
      if (kept === null) sink.write(bytes);
      else kept.push(bytes);
    },
    shut() {
      kept ??= [];
    },
    open() {
      const all = kept ?? [];
      kept = null;
      for (const one of all) sink.write(one);
    },
  };
}

function serve(client: Socket, server: Socket, shared: Shared): void {
  const [up, down] = [createValve(server), createValve(client)];
  const close = (): void => {
    client.destroy();
    server.destroy();
  };
  let started = false;
  let rest = Buffer.alloc(0);
  let onAnswer: (() => void) | null = null;

  const stop = (valve: { open(): void }, { reached }: Wanted): void => {
    shared.wanted = null;
    shared.held = { letGo: () => valve.open(), cut: close };
    reached();
  };
  const pass = (message: Buffer): void => {
    const { wanted } = shared;
    if (wanted?.statement.test(statementOf(message)) !== true) {
      up.send(message);
      return;
    }
    if (wanted.when === "before") {
      up.shut();
      stop(up, wanted);
    } else {
      down.shut();
      onAnswer = () => stop(down, wanted);
    }
    up.send(message);
  };
  client.on("data", (data: Buffer) => {
    if (!started) {
      started = data.readInt32BE(4) === VERSION_3;
      server.write(data);
      return;
    }
    const [messages, left] = messagesOf(Buffer.concat([rest, data]));
    rest = Buffer.from(left);
    messages.forEach(pass);
  });
  server.on("data", (data: Buffer) => {
    down.send(data);
    onAnswer?.();
    onAnswer = null;
  });
  for (const side of [client, server]) {
    side.on("error", close);
    side.on("close", close);
  }
}

export async function startHoldingProxy(url: string): Promise<HoldingProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const shared: Shared = { wanted: null, held: null };
  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    for (const side of [client, server]) sockets.add(side);
    serve(client, server, shared);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(typeof address === "object" && address !== null ? address.port : 0);
  const end = (how: "letGo" | "cut"): void => {
    const { held } = shared;
    shared.held = null;
    held?.[how]();
  };
  return {
    url: through.href,
    hold: (stop) =>
      new Promise((resolve) => {
        shared.wanted = { ...stop, reached: resolve };
      }),
    release: () => end("letGo"),
    cut: () => end("cut"),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
