// A small JSON API and a page over it. The supervisor calls createApp once in each worker, hands it
// the worker's pool, and listens for the request listener that it returns.
import { readFile } from "node:fs/promises";
import { createRouter, HttpError, readJson } from "./router.js";
import { addTask, changeTask, listProjects, listTasks, removeTask, addProject } from "./tasks.js";

export default async function createApp({ pool, worker, log, onShutdown }) {
  const page = await readFile(new URL("./page.html", import.meta.url));
  onShutdown(() => log.info(`worker ${worker.id} has answered its last request`));

  return createRouter({
    "GET /": (request, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(page);
    },
    "GET /health": async () => {
      await pool.query("SELECT 1");
      return { ok: true, worker: worker.id, pid: process.pid };
    },
    "GET /api/projects": () => listProjects(pool),
    "POST /api/projects": async (request) => addProject(pool, await readJson(request)),
    "GET /api/tasks": (request, response, { query }) => listTasks(pool, query.get("status")),
    "POST /api/tasks": async (request) => addTask(pool, await readJson(request)),
    "PATCH /api/tasks/:id": async (request, response, { id }) =>
      found(await changeTask(pool, id, await readJson(request))),
    "DELETE /api/tasks/:id": async (request, response, { id }) => found(await removeTask(pool, id)),
  });
}

function found(row) {
  if (row === undefined) throw new HttpError(404, "no such task");
  return row;
}
