/**
 * What a net.Server in a worker gets for a handle: one that looks like Node's own, over a listening
 * socket that may step out of accepting while the server goes on listening.
 */
import type { Server, Socket } from "node:net";
import { openBoard } from "../../ipc/distribution/board.js";
import type { Place } from "../../ipc/distribution/messages.js";
import { startBalance, type Balance } from "./balance.js";
import { pauseAccepting, resumeAccepting, type ListenHandle } from "./handle.js";

export interface Listener {
  /** What node:net calls the handle of the server. */
  readonly handle: object;
  /** Ends accepting for good; the server keeps its connections and its address. */
  stepOut(): void;
  look(): void;
}

export function createListener(
  server: Server,
  real: ListenHandle,
  place: Place | null,
  closed: () => void,
): Listener {
  let balance: Balance | null = null;
  let out = false;
  const name: Record<string, unknown> = {};
  const hasName = real.getsockname !== undefined;

  const handle = {
    onconnection: null as ListenHandle["onconnection"],
    listen(backlog: number): number {
      const errno = real.listen(backlog);
      if (errno !== 0) return errno;
      if (place) balance = balanceServer(server, real, place);
      return 0;
    },
    close(): void {
      stepOut();
      closed();
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

  function stepOut(): void {
    if (out) return;
    out = true;
    balance?.end();
    real.close();
  }

  real.getsockname?.(name);
  real.onconnection = (status, client) => handle.onconnection?.(status, client);
  return { handle, stepOut, look: () => balance?.look() };
}

function balanceServer(server: Server, real: ListenHandle, place: Place): Balance {
  const balance = startBalance(openBoard(place.board), place.row, {
    pause: () => pauseAccepting(real),
    resume: () => resumeAccepting(real),
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
