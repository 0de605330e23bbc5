/**
 * One dedicated connection, for what must not share a pool: the advisory lock, DDL, backups. It
 * reports its own loss through an AbortSignal and keeps dead peers from going unnoticed on both
 * sides. Waiting for a database that is still starting is connect.ts.
 */
import pg from "pg";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";
import { unreachable } from "./connect-error.js";
import { settleSession } from "./session-settings.js";
import { connectionString, describeTarget, parseDatabaseUrl } from "./url.js";

export interface SessionOptions {
  /** What `pg_stat_activity` shows for it, for example `tasks/supervisor`. */
  readonly applicationName: string;
  readonly log?: Logger;
  /** Milliseconds for one attempt to connect, authentication included. Default 10 s. */
  readonly connectTimeoutMs?: number;
}

export interface Session {
  readonly client: pg.Client;
  /** The server process behind the connection, as `pg_stat_activity` and `pg_locks` name it. */
  readonly backendPid: number;
  /** `15.18` */
  readonly serverVersion: string;
  /** `150018` */
  readonly serverVersionNum: number;
  /** Aborts, with the reason, when the connection is lost without `end` having been called. */
  readonly lost: AbortSignal;
  /**
   * False when something between here and the server answered the connection in the server's
   * place: the process that announced itself is not the one that runs the queries.
   */
  readonly direct: boolean;
  /**
   * Gives the session its settings (session-settings.ts). Done by `openSession` when the
   * connection is direct; otherwise only once pooler.ts has shown that they stay with this client.
   */
  settle(): Promise<void>;
  /** Where it leads, as messages name it: `db.example:5432/tasks as app`. */
  readonly where: string;
  /** One more connection to the same place. */
  another(applicationName: string): Promise<Session>;
  /** One statement; its rows. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<Row[]>;
  /** Closes the connection. Never throws; a second call waits for the first. */
  end(): Promise<void>;
}

interface Identity extends pg.QueryResultRow {
  readonly pid: number;
  readonly version: string;
  readonly num: number;
}

// 10 s until the first probe, on both sides: a peer that vanished without a word (a pulled plug, a
// dropped NAT entry) is noticed within half a minute instead of the kernel's two hours.
const KEEPALIVE_MS = 10_000;

/**
 * Opens one connection, once.
 *
 * @throws SuperviseError DATABASE_UNREACHABLE, naming host, port, database and user;
 *   CONFIG_INVALID for a URL that is none. Neither holds the password.
 */
export async function openSession(url: string, options: SessionOptions): Promise<Session> {
  const target = parseDatabaseUrl(url);
  const client = new pg.Client({
    connectionString: connectionString(url),
    application_name: options.applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
  });
  const where = describeTarget(target);
  const watch = watchLoss(client, where);
  try {
    await client.connect();
    const identity = await identify(client);
    const direct = Reflect.get(client, "processID") === identity.pid;
    const settle = () => settleSession(client, options.applicationName, identity.num);
    if (direct) await settle();
    return {
      client,
      backendPid: identity.pid,
      serverVersion: identity.version,
      serverVersionNum: identity.num,
      lost: watch.lost,
      direct,
      settle,
      where,
      another: (applicationName) => openSession(url, { ...options, applicationName }),
      query: async <Row extends pg.QueryResultRow>(sql: string, params?: readonly unknown[]) =>
        (await client.query<Row>(sql, params === undefined ? undefined : [...params])).rows,
      end: watch.end,
    };
  } catch (error) {
    await watch.end();
    throw unreachable(error, target);
  }
}

async function identify(client: pg.Client): Promise<Identity> {
  const { rows } = await client.query<Identity>(
    `select pg_backend_pid() as pid, current_setting('server_version') as version,
       current_setting('server_version_num')::int as num`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("the server did not say who it is");
  return { ...row, version: row.version.split(" ")[0] ?? row.version };
}

function watchLoss(
  client: pg.Client,
  where: string,
): { lost: AbortSignal; end: () => Promise<void> } {
  const controller = new AbortController();
  let ending: Promise<void> | null = null;
  const lose = (cause?: Error): void => {
    if (ending !== null || controller.signal.aborted) return;
    controller.abort(
      new SuperviseError("DATABASE_LOST", {
        what: `lost the connection to the database${cause === undefined ? "" : `: ${cause.message}`}`,
        where,
        remedy: "see the server's log for the reason, then start again",
        cause,
      }),
    );
  };
  client.on("error", lose);
  client.on("end", () => lose());
  const close = async (): Promise<void> => {
    try {
      await client.end();
    } catch (error) {
      lose(error instanceof Error ? error : undefined);
    }
  };
  return { lost: controller.signal, end: () => (ending ??= close()) };
}
