/** What the page knows, and who wants to hear of changes. */
import type { FeedLine } from "../dev/wire.js";
import type { DevProblem } from "../dev/wire.js";
import type { Status } from "../protocol.js";
import { follow, type Refused } from "./api.js";

export type Connection = "connecting" | "live" | "lost" | "refused";

export interface Store {
  connection: Connection;
  project: string;
  status: Status | null;
  /** Columns, as SAMPLE_FIELDS names them: the charts read them as they are. */
  columns: (number | null)[][];
  /** Numbered by this page: a supervisor that was restarted counts from one again. */
  lines: FeedLine[];
  problem: DevProblem | null;
}

/** `hello`: all of it, from a supervisor that this page has just come to. */
export type Topic =
  "connection" | "hello" | "status" | "samples" | "log" | "problem" | "plan" | "refused";

export const store: Store = {
  connection: "connecting",
  project: "",
  status: null,
  columns: [],
  lines: [],
  problem: null,
};

const KEPT_SAMPLES = 900;
const KEPT_LINES = 2_000;
/** After these, the plan and the configuration may be others. */
const PLAN_EVENTS = new Set(["migrate.done", "reload.done", "watch.changed", "supervisor.ready"]);

const listeners = new Map<Topic, Set<() => void>>();

export function on(topic: Topic, listener: () => void): void {
  const known = listeners.get(topic) ?? new Set();
  listeners.set(topic, known.add(listener));
}

function say(...topics: readonly Topic[]): void {
  for (const topic of topics) for (const listener of listeners.get(topic) ?? []) listener();
}

interface Hello {
  project: string;
  fields: string[];
  samples: number[][];
  status: Status;
  lines: FeedLine[];
  problem: DevProblem | null;
}

interface Messages {
  hello: Hello;
  sample: { sample: number[]; status: Status };
  log: { lines: FeedLine[]; problem: DevProblem | null };
}

/** Both ends of the stream are of one version: the page came from the server that sends it. */
const is = <Name extends keyof Messages>(
  wanted: Name,
  name: string,
  data: unknown,
): data is Messages[Name] => name === wanted && typeof data === "object" && data !== null;

let counted = 0;
function addLines(lines: readonly FeedLine[]): void {
  const numbered = lines.map((line) => ({ ...line, id: (counted += 1) }));
  store.lines = [...store.lines, ...numbered].slice(-KEPT_LINES);
}

/** Nobody sampled while no supervisor ran: the charts are to have a gap there, not a line across. */
function addGap(): void {
  const last = store.columns[0]?.at(-1);
  if (typeof last !== "number") return;
  store.columns.forEach((column, at) => column.push(at === 0 ? last + 0.5 : null));
}

function addSample(sample: readonly number[]): void {
  sample.forEach((value, at) => {
    const column = (store.columns[at] ??= []);
    column.push(value);
    if (column.length > KEPT_SAMPLES) column.shift();
  });
}

function take(name: string, data: unknown): void {
  if (is("hello", name, data)) {
    const restarted = store.status !== null && store.status.pid !== data.status.pid;
    store.project = data.project;
    store.status = data.status;
    store.problem = data.problem;
    // What was drawn and read before a restart of the supervisor stays.
    if (restarted) addGap();
    else {
      store.columns = data.fields.map(() => []);
      store.lines = [];
    }
    for (const sample of data.samples) addSample(sample);
    addLines(data.lines);
    say("status", "samples", "hello", "problem", "plan");
  } else if (is("sample", name, data)) {
    store.status = data.status;
    addSample(data.sample);
    say("status", "samples");
  } else if (is("log", name, data)) {
    addLines(data.lines);
    store.problem = data.problem;
    say("log", "problem");
    if (data.lines.some(({ event }) => event !== null && PLAN_EVENTS.has(event))) say("plan");
  }
}

function setConnection(connection: Connection): void {
  if (store.connection === connection) return;
  store.connection = connection;
  say("connection");
}

export function connect(): void {
  void follow({
    event: take,
    connected: () => setConnection("live"),
    lost: (refused: Refused | null) => {
      const isRefused = refused?.status === 401;
      setConnection(isRefused ? "refused" : "lost");
      if (isRefused) say("refused");
    },
  });
}
