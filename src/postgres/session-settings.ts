/** The settings that a dedicated session runs under. */
import pg from "pg";

/**
 * Settings of a dedicated session. No statement, lock or idle timeout of the role, the database or
 * the URL may end a migration or give up the lock; and a server whose client is gone stops the
 * statement it is in, which frees the client's locks (PostgreSQL 14 and later).
 */
const SETTINGS = `
  select set_config(name, wanted, false)
  from (values ('application_name', $1, 0), ('statement_timeout', '0', 0), ('lock_timeout', '0', 0),
    ('idle_in_transaction_session_timeout', '0', 0), ('idle_session_timeout', '0', 140000),
    ('transaction_timeout', '0', 170000), ('tcp_keepalives_idle', '10', 0),
    ('tcp_keepalives_interval', '5', 0), ('tcp_keepalives_count', '3', 0))
    as setting (name, wanted, since)
  where since <= $2`;

/** Applies them. `serverVersionNum` as the server spells it, for example 150018. */
export async function settleSession(
  client: pg.Client,
  applicationName: string,
  serverVersionNum: number,
): Promise<void> {
  await client.query(SETTINGS, [applicationName, serverVersionNum]);
  if (serverVersionNum < 140_000) return;
  try {
    await client.query("set client_connection_check_interval = '1s'");
  } catch (error) {
    // Servers on systems that cannot tell a closed socket from an idle one refuse the setting.
    if (!(error instanceof pg.DatabaseError)) throw error;
  }
}
