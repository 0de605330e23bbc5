/**
 * Talks to the supervisor: the token, commands, and the stream of events with its reconnecting.
 * A supervisor that was restarted has a new token; a refusal makes the page fetch it.
 */

const BASE = "/dazzle/dev";
const RETRY_MS = 1_000;
/** The stream says something each second; silence for this long means that nobody is there. */
const SILENCE_MS = 5_000;

let token: string | null = null;

export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function useToken(given: string): void {
  token = given;
}

/** The browser's own words for this are no help. */
async function ask(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    throw error instanceof TypeError ? new Error("The supervisor does not answer.") : error;
  }
}

async function fetchToken(): Promise<string> {
  const response = await ask(`${BASE}/session`, { headers: { "x-dazzle-page": "1" } });
  const body: unknown = await response.json();
  const given = textIn(body, "token");
  if (given === null) throw new Refused(response.status, textIn(body, "error") ?? "no token");
  return given;
}

async function authorized(path: string, init: RequestInit): Promise<Response> {
  for (let again = false; ; again = true) {
    token ??= await fetchToken();
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await ask(BASE + path, { ...init, headers });
    if (response.status !== 401 || again) return response;
    token = null;
  }
}

async function answerOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  if (response.ok) return body;
  throw new Refused(response.status, textIn(body, "error") ?? `status ${response.status}`);
}

export const get = async (path: string): Promise<unknown> => answerOf(await authorized(path, {}));

export const post = async (path: string, body: object): Promise<unknown> =>
  answerOf(await authorized(path, { method: "POST", body: JSON.stringify(body) }));

export interface StreamListener {
  readonly event: (name: string, data: unknown) => void;
  readonly connected: () => void;
  /** Null: nobody answers, it is tried again. */
  readonly lost: (refused: Refused | null) => void;
}

/** Follows the stream for as long as the page lives. */
export async function follow(listener: StreamListener): Promise<never> {
  for (;;) {
    try {
      await readStream(listener);
      listener.lost(null);
    } catch (error) {
      listener.lost(error instanceof Refused ? error : null);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function readStream(listener: StreamListener): Promise<void> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  heard();
  try {
    const response = await authorized("/events", { signal: silence.signal });
    if (!response.ok || response.body === null) {
      throw new Refused(response.status, `status ${response.status}`);
    }
    listener.connected();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let pending = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      const messages = (pending + value).split("\n\n");
      pending = messages.pop() ?? "";
      for (const message of messages) deliver(message, listener);
    }
  } finally {
    clearTimeout(timer);
  }
}

function deliver(message: string, listener: StreamListener): void {
  let name = "message";
  let data = "";
  for (const line of message.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (data !== "") listener.event(name, JSON.parse(data));
}

function textIn(body: unknown, name: string): string | null {
  if (typeof body !== "object" || body === null || !(name in body)) return null;
  const value: unknown = Reflect.get(body, name);
  return typeof value === "string" ? value : null;
}
