/** What answers are made of and how commands are read: shared by the plain routes and the page's. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ControlTarget } from "./protocol.js";

/** Bodies of commands are a few bytes; more is a mistake or an attack. */
const LARGEST_BODY = 64 * 1024;

export type Answer = { status: number; body: string; type?: string };
export type Input = Readonly<Record<string, unknown>>;

export const json = (status: number, value: unknown): Answer => ({
  status,
  body: `${JSON.stringify(value)}\n`,
  type: "application/json; charset=utf-8",
});

const positive = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;

export async function command(
  target: ControlTarget,
  path: string,
  input: Input,
): Promise<Answer | null> {
  switch (path) {
    case "/reload": {
      const parallel = positive(input["parallel"]);
      return json(200, await target.reload(parallel === null ? {} : { parallel }));
    }
    case "/scale": {
      const workers = positive(input["workers"]);
      return workers === null
        ? json(400, { error: "workers must be a whole number of at least 1" })
        : json(200, await target.scale(workers));
    }
    default:
      return null;
  }
}

export async function readInput(request: IncomingMessage): Promise<Input | null> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LARGEST_BODY) return null;
  }
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The path without its query. A target such as `//` is no URL by itself. */
export const pathOf = ({ url = "/" }: IncomingMessage): string => /^[^?#]*/.exec(url)?.[0] ?? "/";

export function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    "content-type": answer.type ?? "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(answer.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(answer.body);
}
