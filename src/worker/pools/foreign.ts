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
import { attach } from "./instrument.js";
import { isPool, OWN, type InstrumentedPool } from "./internals.js";
import { createMeter } from "./meter.js";
import { nameFor } from "./names.js";
import { register } from "./registry.js";

export interface ForeignSettings {
  /** Taken by pools that set no `max`. */
  readonly max: number;
  /** Taken by pools that set no `connectionTimeoutMillis`; pg's own default is for ever. Default: none. */
  readonly acquireTimeoutMs?: number;
  /** Taken where neither the pool, its URL nor PGAPPNAME has one. Default: none. */
  readonly applicationName?: string;
  /** As for the application's own pool. Default: 60 s. */
  readonly leakAfterMs?: number;
  /** Hears of idle connections that the server or the network ended. Default: nobody. */
  readonly onIdleError?: (pool: string, error: Error) => void;
}

type Options = Record<PropertyKey, unknown>;

/** Sees every pool made from now on. Returns what stops it. */
export function watchForeign(settings: ForeignSettings): () => void {
  const init: unknown = Reflect.get(EventEmitter, "init");
  if (!isInit(init)) return () => undefined;
  const prepared = new WeakSet();
  function watchful(this: object, options?: unknown): void {
    inner.call(this, options);
    if (isPool(this)) prepare(this, prepared, settings);
  }
  const inner = init;
  Reflect.set(EventEmitter, "init", watchful);
  return () => {
    if (Reflect.get(EventEmitter, "init") === watchful) Reflect.set(EventEmitter, "init", inner);
  };
}

type Init = (this: object, options?: unknown) => void;

function isInit(value: unknown): value is Init {
  return typeof value === "function";
}

/**
 * Called from within the pool's constructor, before it has its options. They are caught as they are
 * assigned: the constructor fills in its own defaults only afterwards.
 */
function prepare(
  pool: InstrumentedPool,
  prepared: WeakSet<object>,
  settings: ForeignSettings,
): void {
  const prototype: unknown = Object.getPrototypeOf(pool);
  if (typeof prototype !== "object" || prototype === null || prepared.has(prototype)) return;
  prepared.add(prototype);
  Object.defineProperty(prototype, "options", {
    configurable: true,
    set(this: InstrumentedPool, options: Options) {
      Object.defineProperty(this, "options", {
        configurable: true,
        enumerable: true,
        writable: true,
        value: options,
      });
      if (!(OWN in options)) adopt(this, options, settings);
    },
  });
}

function adopt(pool: InstrumentedPool, options: Options, settings: ForeignSettings): void {
  // pg-pool takes its own default for 0 too.
  if (!options["max"] && !options["poolSize"]) options["max"] = settings.max;
  if (options["connectionTimeoutMillis"] === undefined && settings.acquireTimeoutMs !== undefined) {
    options["connectionTimeoutMillis"] = settings.acquireTimeoutMs;
  }
  // The weakest of the ways to name a connection: any other that the application uses wins.
  if (settings.applicationName !== undefined) {
    options["fallback_application_name"] ??= settings.applicationName;
  }
  const meter = createMeter(nameFor(options));
  const { onIdleError, leakAfterMs = 60_000 } = settings;
  attach(pool, meter, (error) => onIdleError?.(meter.name, error));
  const reference = new WeakRef(pool);
  register({ meter, leakAfterMs, pool: () => reference.deref() ?? null });
}
