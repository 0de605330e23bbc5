/** How many connections the server, the role and the database allow, and who has how many now. */
import type { Session } from "./session.js";

/** Connections that are open now and alike in everything that the budget looks at. */
export interface ConnectionGroup {
  /** Empty when the client set none. */
  readonly applicationName: string;
  /** To the session's own database. */
  readonly sameDatabase: boolean;
  /** By the session's own role. */
  readonly sameRole: boolean;
  /**
   * From this session's own address, as far as this role may see it: it always sees its own
   * role's.
   */
  readonly sameClient: boolean;
  readonly count: number;
}

export interface Capacity {
  readonly maxConnections: number;
  /** `superuser_reserved_connections`, 3 by default. */
  readonly superuserReserved: number;
  /** `reserved_connections`, PostgreSQL 16 and later; 0 before. */
  readonly reserved: number;
  readonly role: string;
  /** `ALTER ROLE ... CONNECTION LIMIT`; null when there is none. */
  readonly roleLimit: number | null;
  readonly database: string;
  /** `ALTER DATABASE ... CONNECTION LIMIT`; null when there is none. */
  readonly databaseLimit: number | null;
  /** The server enforces neither role nor database limit on a superuser. */
  readonly superuser: boolean;
  readonly connections: readonly ConnectionGroup[];
}

interface Row {
  readonly max: number;
  readonly superuser_reserved: number;
  readonly reserved: number;
  readonly role: string;
  readonly role_limit: number;
  readonly database: string;
  readonly database_limit: number;
  readonly superuser: boolean;
  readonly connections: {
    readonly name: string | null;
    readonly same_database: boolean;
    readonly same_role: boolean;
    readonly same_client: boolean;
    readonly count: number;
  }[];
}

// backend_type is hidden from ordinary roles for other roles' sessions; a database and a user are
// not, and background processes lack one of the two.
const CAPACITY = `
  select current_setting('max_connections')::int as max,
    current_setting('superuser_reserved_connections')::int as superuser_reserved,
    coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
    r.rolname::text as role, r.rolconnlimit as role_limit, r.rolsuper as superuser,
    d.datname::text as database, d.datconnlimit as database_limit,
    (select coalesce(json_agg(c), '[]') from (
      select a.application_name as name, a.datid = d.oid as same_database,
        a.usesysid = r.oid as same_role,
        a.backend_start is not null and a.client_addr is not distinct from inet_client_addr()
          as same_client, count(*)::int as count
      from pg_stat_activity a
      where a.datid is not null and a.usesysid is not null
        and coalesce(a.backend_type, 'client backend') = 'client backend'
      group by 1, 2, 3, 4) c) as connections
  from pg_roles r, pg_database d
  where r.rolname = coalesce((select rolname from pg_roles where rolname = $1), session_user)
    and d.datname = current_database()`;

/**
 * Reads the limits and the present connections, this session's own included.
 *
 * @param role the role that the pools connect as, where it is another one than the session's.
 */
export async function readCapacity(session: Session, role?: string): Promise<Capacity> {
  const [row] = await session.query<{ [K in keyof Row]: Row[K] }>(CAPACITY, [role ?? null]);
  if (row === undefined) throw new Error("the server knows neither its role nor its database");
  return {
    maxConnections: row.max,
    superuserReserved: row.superuser_reserved,
    reserved: row.reserved,
    role: row.role,
    roleLimit: row.role_limit < 0 ? null : row.role_limit,
    database: row.database,
    databaseLimit: row.database_limit < 0 ? null : row.database_limit,
    superuser: row.superuser,
    connections: row.connections.map((group) => ({
      applicationName: group.name ?? "",
      sameDatabase: group.same_database,
      sameRole: group.same_role,
      sameClient: group.same_client,
      count: group.count,
    })),
  };
}
