// The queries. Every function takes a pg.Pool and returns plain rows.

const TASK = "id::int, project_id::int, title, status, due::text, created_at";

export const listProjects = async (pool) =>
  (await pool.query("SELECT id::int, name FROM project ORDER BY name")).rows;

export const addProject = async (pool, { name }) =>
  (await pool.query("INSERT INTO project (name) VALUES ($1) RETURNING id::int, name", [name]))
    .rows[0];

export const listTasks = async (pool, status) =>
  (
    await pool.query(
      `SELECT ${TASK} FROM task WHERE $1::text IS NULL OR status = $1::task_status ORDER BY id DESC LIMIT 100`,
      [status],
    )
  ).rows;

export async function addTask(pool, { project = "Inbox", title, due = null }) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("INSERT INTO project (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", [
      project,
    ]);
    const { rows } = await client.query(
      `INSERT INTO task (project_id, title, due)
       SELECT id, $2, $3 FROM project WHERE name = $1 RETURNING ${TASK}`,
      [project, title, due],
    );
    await client.query("COMMIT");
    return rows[0];
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

export const changeTask = async (pool, id, { title = null, status = null }) =>
  (
    await pool.query(
      `UPDATE task SET title = coalesce($2, title), status = coalesce($3::task_status, status)
       WHERE id = $1 RETURNING ${TASK}`,
      [id, title, status],
    )
  ).rows[0];

export const removeTask = async (pool, id) =>
  (await pool.query(`DELETE FROM task WHERE id = $1 RETURNING ${TASK}`, [id])).rows[0];
