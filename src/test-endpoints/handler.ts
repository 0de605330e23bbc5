/**
 * The test endpoints as a step before the application: a request under `/__test__/` is answered
 * here, every other one is left alone. In production nothing of this is installed.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Pool } from "pg";
import { SQLSTATE } from "../postgres/sqlstate.js";
import { refusalOf } from "./access.js";
import { BadRequest } from "./fixtures.js";
import { seed } from "./seed.js";
import { countRows, deleteRow, Held, NoSuchThing, readTable, reset, snapshot } from "./tables.js";

const PREFIX = "/__test__/";
/** Ten thousand rows of a few kilobytes fit; a mistake that never ends does not. */
const LARGEST_BODY = 64 * 1024 * 1024;

export interface TestEndpointsInput {
  readonly pool: Pool;
  readonly namespace: string;
  /** `DAZZLE_TEST_SECRET`; null when any caller may. */
  readonly secret: string | null;
  /** The application may be reached by any name, as in staging. */
  readonly anyName: boolean;
  /** The address that the application listens on. */
  readonly host: string;
}

/** Answers and returns true when the request is for a test endpoint. */
export type TestEndpoints = (request: IncomingMessage, response: ServerResponse) => boolean;

interface Answer {
  status: number;
  body: unknown;
  /** Methods that the path takes. */
  allow?: string;
}

/** Every path, and what it is asked with. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ["reset", "POST"],
  ["seed", "POST"],
  ["snapshot", "GET"],
  ["table", "GET"],
  ["table/count", "GET"],
  ["table/ID", "DELETE"],
]);

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function refusal(input: TestEndpointsInput, request: IncomingMessage): Answer | null {
  const { secret, anyName, host } = input;
  const reason = refusalOf(request, { anyName: anyName || secret !== null, host });
  if (reason !== null) return { status: 403, body: { error: reason } };
  const given = request.headers["x-test-secret"];
  const matches =
    input.secret === null ||
    (typeof given === "string" && timingSafeEqual(digest(given), digest(input.secret)));
  return matches ? null : { status: 403, body: { error: "X-Test-Secret is missing or wrong" } };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > LARGEST_BODY) throw new BadRequest(`the body is larger than ${LARGEST_BODY} bytes`);
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw error instanceof SyntaxError
      ? new BadRequest(`the body is not JSON: ${error.message}`)
      : error;
  }
}

async function route(input: TestEndpointsInput, request: IncomingMessage): Promise<Answer> {
  const { pool, namespace } = input;
  const path = /^[^?#]*/.exec(request.url ?? "")?.[0].slice(PREFIX.length) ?? "";
  const [head = "", name = "", tail, ...rest] = path.split("/").map(decodeURIComponent);
  const what = `${request.method ?? ""} ${head}${head === "table" && tail !== undefined ? "/" : ""}`;
  if (rest.length === 0) {
    switch (what) {
      case "POST reset":
        return { status: 200, body: await reset(pool, namespace) };
      case "POST seed":
        return { status: 201, body: await seed(pool, namespace, await readJson(request)) };
      case "GET snapshot":
        return { status: 200, body: await snapshot(pool, namespace) };
      case "GET table":
        return { status: 200, body: await readTable(pool, namespace, name) };
      case "GET table/":
        if (tail === "count") return { status: 200, body: await countRows(pool, namespace, name) };
        break;
      case "DELETE table/":
        return { status: 200, body: await deleteRow(pool, namespace, name, tail ?? "") };
    }
  }
  const shape = tail === undefined ? head : `${head}/${tail === "count" ? tail : "ID"}`;
  const allow =
    rest.length === 0 && (tail !== undefined || name === "" || head === "table")
      ? METHODS.get(shape)
      : undefined;
  if (allow !== undefined) {
    const error = `${PREFIX}${path} takes ${allow}, not ${request.method ?? ""}`;
    return { status: 405, body: { error }, allow };
  }
  throw new NoSuchThing(`there is no test endpoint ${request.method ?? ""} ${PREFIX}${path}`);
}

function answerTo(error: unknown): Answer {
  const body = { error: error instanceof Error ? error.message : String(error) };
  if (error instanceof NoSuchThing) return { status: 404, body };
  if (error instanceof BadRequest || error instanceof URIError) return { status: 400, body };
  if (error instanceof Held) return { status: 409, body };
  // Classes 22, 23, 42 and P0: PostgreSQL, or a trigger, refuses the data, not the connection.
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const refused = /^(?:2[23]|42|P0)[0-9A-Z]{3}$/.test(code);
  // A missing privilege is no fault of the request.
  return {
    status: refused && code !== SQLSTATE.insufficientPrivilege ? 400 : 500,
    body: { ...body, code },
  };
}

async function answer(input: TestEndpointsInput, request: IncomingMessage): Promise<Answer> {
  try {
    return refusal(input, request) ?? (await route(input, request));
  } catch (error) {
    return answerTo(error);
  }
}

export function createTestEndpoints(input: TestEndpointsInput): TestEndpoints {
  return (request, response) => {
    if (request.url?.startsWith(PREFIX) !== true) return false;
    void answer(input, request).then(({ status, body, allow }) => {
      const text = `${JSON.stringify(body)}\n`;
      // A refused body is not read to its end, so the connection can't be used again.
      if (!request.complete) response.setHeader("connection", "close");
      if (allow !== undefined) response.setHeader("allow", allow);
      response.writeHead(status, {
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(text),
        // A list of rows must not pass for a script of another site's page.
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
      });
      response.end(text);
    });
    return true;
  };
}
