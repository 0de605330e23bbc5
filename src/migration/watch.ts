/** A second connection while a long statement runs: says how far it is, and cancels it when asked to. */
import pg from "pg";
import type { Logger } from "../log/logger.js";
import type { Session } from "../postgres/session.js";
import type { Step } from "../schema/steps.js";

/** Milliseconds between two looks; a statement that is done before the first opens no connection. */
const LOOK_EVERY_MS = 2_000;

interface Progress {
  phase: string;
  done: string | null;
  total: string | null;
  blocker: number | null;
}

interface WatchOptions {
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
}

export async function whileWatching<T>(
  session: Session,
  step: Step,
  options: WatchOptions,
  run: () => Promise<T>,
): Promise<T> {
  const watcher = openWatcher(session, step, options);
  const timer = setInterval(watcher.look, LOOK_EVERY_MS);
  options.signal?.addEventListener("abort", watcher.cancel, { once: true });
  try {
    return await run();
  } finally {
    clearInterval(timer);
    options.signal?.removeEventListener("abort", watcher.cancel);
    await watcher.close();
  }
}

function openWatcher(session: Session, step: Step, { log }: WatchOptions) {
  let client: Promise<pg.Client> | null = null;
  let busy = false;
  const connect = (): Promise<pg.Client> => (client ??= openBeside(session.client, log));
  const ask = async (): Promise<void> => {
    const { rows } = await (
      await connect()
    ).query<Progress>(
      `select phase, nullif(current_locker_pid, 0)::int as blocker,
         case when blocks_total > 0 then blocks_done else tuples_done end::text as done,
         case when blocks_total > 0 then blocks_total else tuples_total end::text as total
       from pg_stat_progress_create_index where pid = $1`,
      [session.backendPid],
    );
    const [row] = rows;
    if (row !== undefined) say(log, step, row);
  };
  const guard = (work: () => Promise<void>): void => {
    if (busy) return;
    busy = true;
    work()
      .catch((error: unknown) => {
        log.debug("cannot see how far the statement is", { error: String(error) });
      })
      .finally(() => {
        busy = false;
      });
  };
  return {
    look: () => guard(ask),
    cancel: () => {
      busy = false;
      guard(async () => {
        await (await connect()).query("select pg_cancel_backend($1)", [session.backendPid]);
      });
    },
    close: async () => {
      if (client === null) return;
      await client
        .then((open) => open.end())
        .catch((error: unknown) => {
          log.debug("the connection that watches was lost", { error: String(error) });
        });
    },
  };
}

async function openBeside(other: pg.Client, log: Logger): Promise<pg.Client> {
  const client = new pg.Client({
    host: other.host,
    port: other.port,
    user: other.user,
    password: other.password,
    database: other.database,
    ssl: other.ssl,
    application_name: "supervise/progress",
    connectionTimeoutMillis: 5_000,
  });
  client.on("error", (error) => {
    log.debug("the connection that watches was lost", { error: error.message });
  });
  await client.connect();
  return client;
}

function say(log: Logger, step: Step, { phase, done, total, blocker }: Progress): void {
  const share =
    done !== null && total !== null && Number(total) > 0
      ? Math.floor((100 * Number(done)) / Number(total))
      : null;
  const waits = blocker !== null ? `, waiting for pid ${blocker}` : "";
  log.event(
    "info",
    "migrate.step",
    `${step.operation} ${step.object}: ${phase}${share === null ? "" : ` ${share} %`}${waits}`,
    { operation: step.operation, table: step.table, object: step.object, phase, percent: share },
  );
}
