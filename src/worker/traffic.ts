/**
 * What a worker serves right now: its servers, their connections, the requests in flight. Servers are
 * noticed when they listen, whoever made them, so scripts need no change. On the hot path a
 * request costs one count.
 */
import { subscribe } from "node:diagnostics_channel";
import { EventEmitter, errorMonitor } from "node:events";
import { Server as HttpServer, ServerResponse } from "node:http";
import { Server as NetServer, Socket } from "node:net";
import { BACKLOG, type Redirection } from "./listen.js";

/** `handshake`: the bare socket of a TLS connection that is not established yet. */
export type Protocol = "http1" | "http2" | "raw" | "handshake";

/** An HTTP/2 session, as far as a drain needs it. */
export interface Session {
  readonly destroyed: boolean;
  goaway(code: number, lastStream: number): void;
  /** False when too many are under way. */
  ping(answered: () => void): boolean;
  close(): void;
}

/** Of an HTTP/2 session. */
export interface Streams {
  readonly begun: number;
  readonly ended: number;
}

export interface Traffic {
  readonly servers: ReadonlySet<NetServer>;
  readonly connections: ReadonlyMap<Socket, Protocol>;
  /** Of HTTP/1 requests in flight; where a client sent several in a row, that to its last. */
  responses(): ServerResponse[];
  /** Each with what it has been asked. */
  readonly sessions: ReadonlyMap<Session, Streams>;
  /** Requests ever begun. */
  total(): number;
  /** Requests, streams and upgraded or raw connections that have not ended. */
  inFlight(): number;
  /** Called for each request that begins, with the response that it has to wait for, if any. */
  onRequest(listener: (response: ServerResponse, before: ServerResponse | null) => void): void;
  /** Called for each HTTP/2 stream that begins, before the application sees it, until told to end. */
  onStream(listener: (session: Session) => void): () => void;
  /** Called when a server listens. */
  onListening(listener: (server: NetServer) => void): void;
  /** Called when a server has closed: it listens no more and its last connection has ended. */
  onClosed(listener: () => void): void;
  /** Called when a server can't listen, whether or not the application minds. */
  onListenError(listener: (error: Error) => void): void;
}

/** Without loading TLS for those who serve none: it would be 5 ms of every boot. */
const isHttps = (server: NetServer): boolean =>
  "setSecureContext" in server && server instanceof process.getBuiltinModule("node:https").Server;

const kindOf = (server: NetServer): Protocol => {
  if (server instanceof HttpServer || isHttps(server)) return "http1";
  return "setTimeout" in server && "updateSettings" in server ? "http2" : "raw";
};

/** An HTTP/2 server may be told to speak HTTP/1 with those who ask for nothing else. */
const protocolOf = (kind: Protocol, socket: Socket): Protocol =>
  kind === "http2" && "alpnProtocol" in socket && socket.alpnProtocol !== "h2" ? "http1" : kind;

/**
 * Starts watching; call it before the application is loaded. The first server that listens does so
 * where `redirection` says, if anywhere.
 */
export function watchTraffic(redirection: Redirection | null = null): Traffic {
  const servers = new Set<NetServer>();
  const connections = new Map<Socket, Protocol>();
  const sessions = new Map<Session, { begun: number; ended: number }>();
  const streaming = new Set<(session: Session) => void>();
  const listeners: ((response: ServerResponse, before: ServerResponse | null) => void)[] = [];
  /** The last response of connections whose client did not wait for one before it asked again. */
  const pipelined = new WeakMap<Socket, ServerResponse>();
  const listening: ((server: NetServer) => void)[] = [];
  const closing: (() => void)[] = [];
  const failing: ((error: Error) => void)[] = [];
  let total = 0;
  let streams = 0;

  const lastOf = (socket: Socket): ServerResponse | null => {
    const current = responseOf(socket);
    if (current === null) return null;
    const last = pipelined.get(socket);
    return last === undefined || last.writableFinished ? current : last;
  };

  subscribe("http.server.request.start", (message) => {
    if (!isRequestStart(message)) return;
    const { response, socket } = message;
    total += 1;
    const before = lastOf(socket);
    if (before !== null) pipelined.set(socket, response);
    for (const listener of listeners) listener(response, before);
  });

  const watch = (server: NetServer) => {
    servers.add(server);
    const kind = kindOf(server);
    const keep = (socket: Socket, protocol: Protocol): void => {
      connections.set(socket, protocol);
      socket.once("close", () => connections.delete(socket));
    };
    if ("setSecureContext" in server) {
      // A TLS server's "connection" is the bare socket under the one that HTTP is spoken on.
      server.on("connection", (socket: Socket) => keep(socket, "handshake"));
      server.on("secureConnection", (socket: Socket) => {
        const bare: unknown = Reflect.get(socket, "_parent");
        if (bare instanceof Socket) connections.delete(bare);
        keep(socket, protocolOf(kind, socket));
      });
    } else {
      server.on("connection", (socket: Socket) => keep(socket, kind));
    }
    if (kind === "http2") {
      server.on("session", (session: Session & NodeJS.EventEmitter) => {
        sessions.set(session, { begun: 0, ended: 0 });
        session.once("close", () => sessions.delete(session));
      });
      const note = (stream: NodeJS.EventEmitter & { session?: Session }): void => {
        total += 1;
        streams += 1;
        const { session } = stream;
        const known = session === undefined ? undefined : sessions.get(session);
        if (known !== undefined) known.begun += 1;
        stream.once("close", () => {
          streams -= 1;
          if (known !== undefined) known.ended += 1;
        });
        if (session !== undefined) for (const listener of streaming) listener(session);
      };
      // What is said of the session stands before what the application answers.
      server.prependListener("stream", note);
    }
    EventEmitter.prototype.on.call(server, errorMonitor, (error: Error) => {
      if (!server.listening) for (const listener of failing) listener(error);
    });
    server.on("listening", () => {
      for (const listener of listening) listener(server);
    });
    server.on("close", () => {
      servers.delete(server);
      for (const listener of closing) listener();
    });
  };

  // A script listens on the port that it was told, which is not where clients of a socket come.
  let redirected = redirection === null;
  const redirect = (args: unknown[]): unknown[] => {
    if (redirected) return args;
    redirected = true;
    return [
      { ...redirection, backlog: BACKLOG },
      ...args.filter((argument) => typeof argument === "function"),
    ];
  };
  const listen: unknown = Reflect.get(NetServer.prototype, "listen");
  if (typeof listen === "function") {
    Object.assign(NetServer.prototype, {
      listen(this: NetServer, ...args: unknown[]): unknown {
        if (!servers.has(this)) watch(this);
        return Reflect.apply(listen, this, redirect(args));
      },
    });
  }

  const others = () =>
    [...connections].filter(
      ([socket, protocol]) => protocol === "raw" || (protocol === "http1" && isUpgraded(socket)),
    ).length;
  const responses = () =>
    [...connections.keys()].map(lastOf).filter((response) => response !== null);
  return {
    servers,
    connections,
    responses,
    sessions,
    total: () => total,
    inFlight: () => responses().length + streams + others(),
    onRequest: (listener) => listeners.push(listener),
    onStream: (listener) => {
      streaming.add(listener);
      return () => void streaming.delete(listener);
    },
    onListening: (listener) => listening.push(listener),
    onClosed: (listener) => closing.push(listener),
    onListenError: (listener) => failing.push(listener),
  };
}

/**
 * The response that a connection is busy with. Node keeps it on the socket; reading it there when it is
 * asked for costs nothing on the hot path, unlike a set of our own.
 */
const responseOf = (socket: Socket): ServerResponse | null =>
  "_httpMessage" in socket && isResponse(socket._httpMessage) ? socket._httpMessage : null;

const isResponse = (value: unknown): value is ServerResponse => value instanceof ServerResponse;

/** Node's HTTP parser lets go of a socket when it is upgraded (a WebSocket) or handed out by CONNECT. */
export const isUpgraded = (socket: Socket): boolean => "parser" in socket && socket.parser === null;

const isRequestStart = (
  message: unknown,
): message is { response: ServerResponse; socket: Socket } =>
  typeof message === "object" && message !== null && "response" in message && "socket" in message;
