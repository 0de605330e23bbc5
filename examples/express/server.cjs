// An ordinary Express application that knows nothing of its supervisor: it makes its own pool and
// listens by itself. `node server.cjs` runs it too.
const express = require("express");
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
const TASK = "id::int, project_id::int, title, status, due::text, created_at";

app.use(express.json());

app.get("/", (request, response) => response.redirect("/api/tasks"));

app.get("/health", async (request, response) => {
  await pool.query("SELECT 1");
  response.json({ ok: true, pid: process.pid });
});

app.get("/api/tasks", async (request, response) => {
  const { rows } = await pool.query(`SELECT ${TASK} FROM task ORDER BY id DESC LIMIT 100`);
  response.json(rows);
});

app.post("/api/tasks", async (request, response) => {
  const { project = "Inbox", title, due = null } = request.body ?? {};
  const { rows } = await pool.query(
    `WITH made AS (
       INSERT INTO project (name) VALUES ($1)
       ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
     )
     INSERT INTO task (project_id, title, due) SELECT id, $2, $3 FROM made RETURNING ${TASK}`,
    [project, title, due],
  );
  response.status(201).json(rows[0]);
});

app.patch("/api/tasks/:id", async (request, response) => {
  const { title = null, status = null } = request.body ?? {};
  const { rows } = await pool.query(
    `UPDATE task SET title = coalesce($2, title), status = coalesce($3::task_status, status)
     WHERE id = $1 RETURNING ${TASK}`,
    [request.params.id, title, status],
  );
  if (rows.length === 0) response.status(404).json({ error: "no such task" });
  else response.json(rows[0]);
});

app.use((error, request, response, next) => {
  response.status(/^2[23]/.test(error.code ?? "") ? 400 : 500).json({ error: error.message });
});

app.listen(process.env.PORT ?? 3000, process.env.HOST ?? "127.0.0.1");
