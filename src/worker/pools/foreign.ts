/**
 * Pools that the application makes from its own copy of pg. pg-pool's `Pool` extends Node's
 * EventEmitter, and every emitter is set up by `EventEmitter.init`: there each new pool is seen,
 * whichever copy of pg it comes from, loaded by require or import, before or after, or bundled into
 * the application. Loader hooks would miss bundles and cost boot time.
 *
 * Such a pool is measured and gets defaults where the application set none; how it hands out and
 * takes back connections is left alone.
 */
import { EventEmitter } from "node:events";
import { isPool } from "./internals.js";
import { measure } from "./measured.js";
import { nameFor } from "./names.js";
import { OWN, type Keeper, type Pool } from "./shapes.js";
import { register } from "./registry.js";

export interface ForeignSettings {
  /** Taken by pools that set no `max`. */
  readonly max: number;
  /** Kept open by the first pool that sets neither `max` nor `min`. Default: 0. */
  readonly min?: number;
  /** Limit for pools that set no `connectionTimeoutMillis`; pg's own default is for ever. Default: none. */
  readonly acquireTimeoutMs?: number;
  /** Taken where neither the pool, its URL nor PGAPPNAME has one. Default: none. */
  readonly applicationName?: string;
  /** As for the application's own pool. Default: 60 s. */
  readonly leakAfterMs?: number;
  /** Hears of idle connections that the server or the network ended. Default: nobody. */
  readonly onIdleError?: (pool: string, error: Error) => void;
}

type Options = Record<PropertyKey, unknown>;

/** What pools made now get; null: they are left alone. */
let current: ForeignSettings | null = null;
/** Prototypes that hand over their pools' options. */
const prepared = new WeakSet();

/** Sees every pool made from now on. Returns what puts back what was before. */
export function watchForeign(settings: ForeignSettings): () => void {
  const previous = current;
  current = settings;
  if (previous === null) watchEmitters();
  return () => {
    current = previous;
  };
}

type Init = (this: object, options?: unknown) => void;

function isInit(value: unknown): value is Init {
  return typeof value === "function";
}

let watching = false;

function watchEmitters(): void {
  const init: unknown = Reflect.get(EventEmitter, "init");
  if (watching || !isInit(init)) return;
  watching = true;
  const inner = init;
  Reflect.set(EventEmitter, "init", function (this: object, options?: unknown): void {
    inner.call(this, options);
    if (isPool(this)) prepare(this);
  });
}

/**
 * Called from within the pool's constructor, before it has its options. They are caught as they are
 * assigned: the constructor fills in its own defaults only afterwards.
 */
function prepare(pool: Pool): void {
  const prototype: unknown = Object.getPrototypeOf(pool);
  if (typeof prototype !== "object" || prototype === null || prepared.has(prototype)) return;
  prepared.add(prototype);
  Object.defineProperty(prototype, "options", {
    configurable: true,
    set(this: Pool, options: Options) {
      Object.defineProperty(this, "options", {
        configurable: true,
        enumerable: true,
        writable: true,
        value: options,
      });
      if (current !== null && !(OWN in options)) adopt(this, options, current);
    },
  });
}

function adopt(pool: Pool, options: Options, settings: ForeignSettings): void {
  // pg-pool takes its own default for 0 too.
  const unsized = !options["max"] && !options["poolSize"];
  if (unsized) options["max"] = settings.max;
  const min = unsized && !options["min"] ? minOnce(settings) : 0;
  if (min > 0) options["min"] = min;
  // The weakest of the ways to name a connection: any other that the application uses wins.
  if (settings.applicationName !== undefined) {
    options["fallback_application_name"] ??= settings.applicationName;
  }
  const unlimited = options["connectionTimeoutMillis"] === undefined;
  const name = nameFor(options);
  const { meter, keeper } = measure(pool, {
    name,
    min,
    maxLifetimeMs: 0,
    acquireTimeoutMs: unlimited ? (settings.acquireTimeoutMs ?? 0) : 0,
    ownLimit: Boolean(options["connectionTimeoutMillis"]),
    careful: false,
    onIdleError: (error) => settings.onIdleError?.(name, error),
  });
  const reference = new WeakRef(pool);
  register({
    meter,
    leakAfterMs: settings.leakAfterMs ?? 60_000,
    pool: () => reference.deref() ?? null,
  });
  if (min > 0) warming.push(keeper);
  // The pool's constructor has not ended yet.
  queueMicrotask(() => keeper.check());
}

/** Keepers of pools that are held at `min`. */
const warming: Keeper[] = [];

/** Only the first pool keeps connections open: an application may make many, and drop them again. */
function minOnce({ min = 0 }: ForeignSettings): number {
  return warming.length === 0 ? min : 0;
}

/** Resolves when the application's pool that is held at `min` has reached it or failed to. */
export async function warmForeign(): Promise<void> {
  await Promise.allSettled(warming.map((keeper) => keeper.fill()));
}
