// Twenty lines of routing, so that the example needs no framework.

export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function readJson(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  try {
    return JSON.parse(text || "{}");
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
}

// What PostgreSQL refuses because of the data is the caller's mistake: class 22 and 23.
const statusOf = (error) => error.status ?? (/^2[23]/.test(error.code ?? "") ? 400 : 500);

export function createRouter(routes) {
  const table = Object.entries(routes).map(([route, handler]) => {
    const [method, path] = route.split(" ");
    return { method, pattern: new RegExp(`^${path.replace(":id", "(\\d+)")}$`), handler };
  });

  return async (request, response) => {
    const url = new URL(request.url, "http://tasks");
    const json = (status, body) => {
      response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
      response.end(`${JSON.stringify(body)}\n`);
    };
    try {
      for (const { method, pattern, handler } of table) {
        const match = method === request.method ? pattern.exec(url.pathname) : null;
        if (match === null) continue;
        const result = await handler(request, response, { id: match[1], query: url.searchParams });
        if (!response.writableEnded) json(method === "POST" ? 201 : 200, result);
        return;
      }
      throw new HttpError(404, "not found");
    } catch (error) {
      json(statusOf(error), { error: error.message });
    }
  };
}
