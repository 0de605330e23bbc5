/** The texts that `supervise init` writes. */
import type { Project } from "./detect.js";

export interface Choices {
  readonly project: Project;
  /** Relative to the project's folder. */
  readonly entry: string;
  /** schema.sql exists or is about to be written. */
  readonly schema: boolean;
  /** The pin, such as `~0.1`. */
  readonly pin: string;
}

const quoted = (value: string): string => JSON.stringify(value);

export function dazzleToml({ project, entry, schema, pin }: Choices): string {
  const revisions = project.tool?.revisions ?? "migrations";
  const schemaLine = schema
    ? 'schema = ["schema.sql"]          # the desired state; what is missing is created at start'
    : '# schema = ["schema.sql"]        # the desired state; what is missing is created at start';
  const revisionsLine =
    revisions === "migrations"
      ? '# revisions = "migrations"       # hand-written changes: supervise db revision -m "..."'
      : `revisions = ${quoted(revisions)}${" ".repeat(Math.max(1, 20 - revisions.length))}# hand-written changes: supervise db revision -m "..."`;
  return `# How supervise runs this project. Every setting: supervise help configuration
# What is in force, and where each value came from: supervise config

[project]
name = ${quoted(project.name)}
framework_version = ${quoted(pin)}      # the start is refused with any other version

[app]
entry = ${quoted(entry)}
# workers = "auto"               # default: 1 in development, 2 in staging, 4 in production
# port = 8000                    # PORT in the environment comes first

[database]
# The URL comes from DATABASE_URL. In development an embedded PostgreSQL runs when it is not set.
${schemaLine}
${revisionsLine}

[pool]
# Connections of each worker. workers x max + 1 must fit in PostgreSQL's max_connections.
# min = 2
# max = 10
# acquire_timeout = "5s"

[migrate]
# on_unsafe = "warn"             # or "refuse": do not start while the plan has unsafe changes

[supervisor]
# drain_timeout = "30s"          # how long a stopping worker may finish its requests
# max_memory = "512MB"           # a worker above it is restarted gracefully

# Health, metrics and, in development, the page at /dazzle/dev/. Or: supervise --control-port 9000
# [control]
# port = 9000

# Any setting can differ by environment: [env.staging.pool], [env.production.supervisor], ...
`;
}

export const procfile = (project: Project): string =>
  [
    ...(project.tool === null || project.tool.name === "dbmate"
      ? ["release: supervise db upgrade && supervise migrate"]
      : []),
    "web: exec supervise --host 0.0.0.0 --port $PORT --workers ${WEB_CONCURRENCY:-4}",
    "",
  ].join("\n");

export const ENV_EXAMPLE = `# Copy to .env for development; it is read there only. In production, set real variables.

# development, staging or production
DAZZLE_ENV=development

# Unset in development: an embedded PostgreSQL is used.
# DATABASE_URL=postgresql://user:password@127.0.0.1:5432/name

# Past a transaction pooler (PgBouncer), for the migration lock and DDL.
# DATABASE_DIRECT_URL=postgresql://user:password@127.0.0.1:5432/name

# PORT=8000
# WEB_CONCURRENCY=2
# DAZZLE_DB_POOL_MIN=2
# DAZZLE_DB_POOL_MAX=10

# With it set, the test endpoints want it as X-Test-Secret.
# DAZZLE_TEST_SECRET=
`;

export const GITIGNORE = ["node_modules/", ".env", ".dazzle/", "backup-*.tar.gz"];

export const SCHEMA_SQL = `-- The schema you want. What is missing in the database is created when supervise starts; what would
-- lose data is reported instead: supervise migrate --dry-run
CREATE TABLE note (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  text text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
`;

export const starterApp = `// Called once in each worker. What it returns is listened with on PORT: a request listener, an
// Express or Fastify app, an http.Server, or an object with fetch(request) such as a Hono app.
export default function createApp({ pool, log, worker }) {
  return async (request, response) => {
    const json = (status, body) => {
      response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
      response.end(\`\${JSON.stringify(body)}\\n\`);
    };
    try {
      const { pathname } = new URL(request.url, "http://app");
      if (request.method === "GET" && pathname === "/") {
        const { rows } = await pool.query("SELECT count(*)::int AS notes FROM note");
        return json(200, { hello: "from supervise", worker: worker.id, notes: rows[0].notes });
      }
      if (request.method === "GET" && pathname === "/notes") {
        const { rows } = await pool.query("SELECT id, text FROM note ORDER BY id DESC LIMIT 100");
        return json(200, rows);
      }
      if (request.method === "POST" && pathname === "/notes") {
        let text = "";
        for await (const chunk of request) text += chunk;
        const { rows } = await pool.query("INSERT INTO note (text) VALUES ($1) RETURNING id, text", [
          text,
        ]);
        return json(201, rows[0]);
      }
      return json(404, { error: "not found" });
    } catch (error) {
      log.error(error.message);
      return json(500, { error: "something went wrong" });
    }
  };
}
`;

export const manifestOf = (name: string, pin: string): string =>
  `${JSON.stringify(
    {
      name: name.toLowerCase().replaceAll(/[^a-z0-9._-]/g, "-"),
      private: true,
      type: "module",
      scripts: { start: "supervise" },
      dependencies: { "dazzle-supervise": pin },
    },
    null,
    2,
  )}\n`;
