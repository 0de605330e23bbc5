/** Loads ENTRY and finds out what it is: a factory, a finished application, or a script that listens. */
import { createServer, type RequestListener } from "node:http";
import { Server } from "node:net";
import { SuperviseError } from "../errors.js";
import { fetchListener, type FetchApp } from "./fetch-adapter.js";
import { loadMain, type ImportModule } from "./load-main.js";

type Factory = (context: unknown) => unknown;

export type Loaded =
  | { readonly kind: "factory"; readonly create: Factory }
  | { readonly kind: "application"; readonly application: unknown }
  | { readonly kind: "script" };

/** What a factory may return, ready to listen. */
export type Servable =
  | { readonly kind: "server"; readonly server: Server }
  | { readonly kind: "fastify"; readonly app: FastifyLike };

export interface FastifyLike {
  readonly server: Server;
  listen(options: object): Promise<unknown>;
  close(): Promise<unknown>;
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

const method = (value: unknown, name: string): boolean =>
  isObject(value) && name in value && typeof Reflect.get(value, name) === "function";

const isListener = (value: unknown): value is RequestListener => typeof value === "function";
const isFactory = (value: unknown): value is Factory => typeof value === "function";
const isFetchApp = (value: unknown): value is FetchApp => method(value, "fetch");
const isFastify = (value: unknown): value is FastifyLike =>
  isObject(value) && "server" in value && method(value, "listen") && method(value, "ready");
/** Express and Connect applications are functions too, but not factories. */
const isApplicationFunction = (value: unknown): boolean =>
  isListener(value) && method(value, "handle") && method(value, "use");

/** Errors: whatever the file throws. */
export async function loadEntry(path: string, load: ImportModule): Promise<Loaded> {
  return classify(await loadMain(path, load));
}

function classify(found: unknown): Loaded {
  const fallback: unknown = isObject(found) ? Reflect.get(found, "default") : undefined;
  for (const holder of [found, fallback]) {
    const create: unknown = isObject(holder) ? Reflect.get(holder, "createApp") : undefined;
    if (isFactory(create)) return { kind: "factory", create };
  }
  // A CommonJS module transpiled from ESM keeps its default export one level down.
  const inner: unknown =
    isObject(fallback) && "__esModule" in fallback ? Reflect.get(fallback, "default") : fallback;
  if (isApplicationFunction(inner)) return { kind: "application", application: inner };
  if (isFactory(inner)) return { kind: "factory", create: inner };
  if (
    inner instanceof Server ||
    isFastify(inner) ||
    isFetchApp(inner) ||
    method(inner, "callback")
  ) {
    return { kind: "application", application: inner };
  }
  return { kind: "script" };
}

/** Errors: what the factory throws; BOOT_FAILED when it fails because it is none. */
export async function runFactory(create: Factory, context: object): Promise<unknown> {
  try {
    return await create(context);
  } catch (error) {
    const kind = notAFactory(create);
    if (kind === null || !(error instanceof TypeError)) throw error;
    throw new SuperviseError("BOOT_FAILED", {
      what: `the entry exports ${kind}, and a factory is called with the context: ${error.message}`,
      remedy: "export default function createApp(ctx) that returns it",
      cause: error,
    });
  }
}

function notAFactory(create: Factory): string | null {
  if (/^class\b/.test(Function.prototype.toString.call(create))) return "a class";
  return create.length >= 2 ? "a request handler" : null;
}

/** Errors: BOOT_FAILED when it is nothing that can serve. */
export function toServable(application: unknown): Servable {
  if (application instanceof Server) return { kind: "server", server: application };
  if (isFastify(application)) return { kind: "fastify", app: application };
  if (isListener(application)) return { kind: "server", server: createServer(application) };
  if (isFetchApp(application)) {
    return { kind: "server", server: createServer(fetchListener(application)) };
  }
  if (isObject(application) && method(application, "callback")) {
    const callback: unknown = Reflect.get(application, "callback");
    const listener: unknown = isFactory(callback) && Reflect.apply(callback, application, []);
    if (isListener(listener)) return { kind: "server", server: createServer(listener) };
  }
  throw new SuperviseError("BOOT_FAILED", {
    what: `the factory returned ${application === null ? "null" : typeof application}`,
    remedy:
      "return a request listener, an http.Server, a Fastify instance or an object with fetch(request)",
  });
}
