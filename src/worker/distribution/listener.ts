/**
 * What a net.Server in a worker gets for a handle: one that looks like Node's own, over a listening
 * socket that may step out of accepting while the server goes on listening.
 */
import type { Server, Socket } from "node:net";
import { openBoard, type Board } from "../../ipc/distribution/board.js";
import type { Place } from "../../ipc/distribution/messages.js";
import { startAccepting } from "./accept.js";
import { startAcceptingUnless, type Accepting } from "./accepting.js";
import { startBalance, type Balance } from "./balance.js";
import type { ListenHandle } from "./handle.js";

export interface Listener {
  /** What node:net calls the handle of the server. */
  readonly handle: object;
  /** Looks whether to accept. */
  look(): void;
  /** Whether a connection that was accepted last is in nobody else's hands. */
  expose(exposed: boolean): void;
  /** Takes a connection over as if it had been accepted here. */
  accept(client: object): void;
}

interface Events {
  /** A connection of plain HTTP was accepted whose client has sent nothing yet. */
  readonly onSilent: (socket: Socket) => void;
  readonly onClose: () => void;
}

export function createListener(
  server: Server,
  real: ListenHandle,
  place: Place | null,
  { onSilent, onClose }: Events,
): Listener {
  const accepting = startAcceptingUnless(real);
  let balance: Balance | null = null;
  const name: Record<string, unknown> = {};
  const hasName = real.getsockname !== undefined;

  const handle = {
    onconnection: null as ListenHandle["onconnection"],
    listen(backlog: number): number {
      const errno = real.listen(backlog);
      if (errno !== 0) return errno;
      balance = place && balanceServer(server, accepting, place);
      return 0;
    },
    /** From now on whatever the system has in its queue, fair share or not. */
    acceptAll(): void {
      balance?.end();
      balance = null;
      accepting.end();
    },
    close(): void {
      acceptance.end();
      balance?.end();
      accepting.end();
      real.close();
      onClose();
    },
    ref: () => real.ref(),
    unref: () => real.unref(),
    fchmod: (mode: number): number => real.fchmod?.(mode) ?? 0,
    ...(hasName && {
      getsockname(out: object): number {
        Object.assign(out, name);
        return 0;
      },
    }),
  };

  real.getsockname?.(name);
  const acceptance = startAccepting(
    server,
    (status, client) => handle.onconnection?.(status, client),
    onSilent,
  );
  real.onconnection = (status, client) => acceptance.accept(status, client);
  return {
    handle,
    look: () => balance?.look(),
    expose: (exposed) => (exposed ? accepting.against("exposed") : accepting.noLonger("exposed")),
    accept: (client) => acceptance.accept(0, client),
  };
}

/** Null without a scoreboard: the worker then accepts whatever it can. */
function balanceServer(server: Server, accepting: Accepting, place: Place): Balance | null {
  const board = tryBoard(place.board);
  if (board === null) return null;
  const balance = startBalance(board, place.row, {
    limit: () => connectionLimit(server),
    pause: () => accepting.against("share"),
    resume: () => accepting.noLonger("share"),
  });
  const onClose = (): void => balance.closed();
  const onConnection = (socket: Socket): void => {
    socket.on("close", onClose);
    balance.opened();
  };
  server.prependListener("connection", onConnection);
  const end = (): void => {
    server.removeListener("connection", onConnection);
    balance.end();
  };
  return { ...balance, end };
}

/** `maxConnections` has no value by default, whatever its type says. */
function connectionLimit(server: Server): number {
  const limit: unknown = Reflect.get(server, "maxConnections");
  return typeof limit === "number" && limit > 0 ? limit : Infinity;
}

/** A worker that has changed its user since it was forked may not open it. */
function tryBoard(path: string): Board | null {
  try {
    return openBoard(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    process.emitWarning(`connections are spread less evenly: ${error.message}`);
    return null;
  }
}
