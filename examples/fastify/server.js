// An ordinary Fastify application that knows nothing of its supervisor: it makes its own pool and
// listens by itself. `node server.js` runs it too.
import Fastify from "fastify";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = Fastify();
const TASK = "id::int, project_id::int, title, status, due::text, created_at";

app.addHook("onClose", () => pool.end());

app.setErrorHandler((error, request, reply) => {
  const status = error.statusCode ?? (/^2[23]/.test(error.code ?? "") ? 400 : 500);
  reply.code(status).send({ error: error.message });
});

app.get("/", (request, reply) => reply.redirect("/api/tasks"));

app.get("/health", async () => {
  await pool.query("SELECT 1");
  return { ok: true, pid: process.pid };
});

app.get("/api/tasks", async () => {
  const { rows } = await pool.query(`SELECT ${TASK} FROM task ORDER BY id DESC LIMIT 100`);
  return rows;
});

app.post("/api/tasks", async (request, reply) => {
  const { project = "Inbox", title, due = null } = request.body ?? {};
  const { rows } = await pool.query(
    `WITH made AS (
       INSERT INTO project (name) VALUES ($1)
       ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
     )
     INSERT INTO task (project_id, title, due) SELECT id, $2, $3 FROM made RETURNING ${TASK}`,
    [project, title, due],
  );
  reply.code(201);
  return rows[0];
});

app.patch("/api/tasks/:id", async (request, reply) => {
  const { title = null, status = null } = request.body ?? {};
  const { rows } = await pool.query(
    `UPDATE task SET title = coalesce($2, title), status = coalesce($3::task_status, status)
     WHERE id = $1 RETURNING ${TASK}`,
    [request.params.id, title, status],
  );
  if (rows.length === 0) reply.code(404);
  return rows[0] ?? { error: "no such task" };
});

await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? "127.0.0.1" });
