/** HTTP clients that count every request by themselves, because load generators hide dropped ones. */
import { Agent, get, type IncomingMessage } from "node:http";

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** What the server said about the connection. */
  readonly connection: string | undefined;
}

export interface RequestOptions {
  readonly agent?: Agent;
  /** Milliseconds until a request without an answer counts as failed. */
  readonly limitMs?: number;
}

/** One request on a connection of its own, unless an agent is given. */
export const ask = (
  port: number,
  path: string,
  { agent, limitMs = 20_000 }: RequestOptions = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, agent: agent ?? false });
    request.setTimeout(limitMs, () => request.destroy(new Error("no answer in time")));
    request.once("error", reject);
    request.once("response", (response: IncomingMessage) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body,
          connection: response.headers.connection,
        }),
      );
    });
  });

export interface Load {
  readonly served: () => number;
  /** What went wrong, one text a request. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

/** Clients that ask for these paths in turn, half of them on kept-alive connections. */
export function load(port: number, paths: readonly string[], clients: number): Load {
  const failures: string[] = [];
  let served = 0;
  let going = true;
  const client = async (number: number): Promise<void> => {
    const agent = new Agent({ keepAlive: number % 2 === 0, maxSockets: 1 });
    for (let turn = number; going; turn += 1) {
      const path = paths[turn % paths.length] ?? "/";
      try {
        const { status, body } = await ask(port, path, { agent });
        if (status === 200) served += 1;
        else failures.push(`${path}: ${status} ${body}`);
      } catch (error) {
        failures.push(`${path}: ${String(error)}`);
      }
    }
    agent.destroy();
  };
  const running = Array.from({ length: clients }, (_, number) => client(number));
  return {
    served: () => served,
    failures,
    stop: async () => {
      going = false;
      await Promise.all(running);
    },
  };
}
