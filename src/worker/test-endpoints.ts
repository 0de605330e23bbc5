/** Puts the test endpoints before the application, where the profile allows them. */
import type { ServerResponse } from "node:http";
import type { TestEndpoints } from "../test-endpoints/handler.js";
import { beforeRequests } from "./before-request.js";
import type { Runtime } from "./runtime.js";
import type { Traffic } from "./traffic.js";

const PREFIX = "/__test__/";

/**
 * Loaded and made when first asked for: a worker boots without them and without the driver that comes
 * with them, and a script may have no use for the worker's own pool otherwise.
 */
export function installTestEndpoints(traffic: Traffic, runtime: Runtime): void {
  if (!runtime.config.features.testEndpoints) return;
  let endpoints: Promise<TestEndpoints> | null = null;
  beforeRequests(traffic, (request, response) => {
    if (request.url?.startsWith(PREFIX) !== true) return false;
    endpoints ??= load(runtime);
    endpoints.then(
      (answer) => answer(request, response),
      (error: unknown) => refuse(response, error),
    );
    return true;
  });
}

async function load(runtime: Runtime): Promise<TestEndpoints> {
  const [{ createTestEndpoints }, { ownPool }] = await Promise.all([
    import("../test-endpoints/handler.js"),
    import("./own-pool.js"),
  ]);
  const { config } = runtime;
  return createTestEndpoints({
    pool: ownPool(runtime).pool,
    namespace: config.database.namespace,
    // Empty is not set, as in a copied .env.
    anyName: config.env !== "development",
    host: config.app.host,
    secret: process.env["DAZZLE_TEST_SECRET"] || null,
  });
}

/** The package may have been replaced on disk since this worker started. */
function refuse(response: ServerResponse, error: unknown): void {
  const text = `${JSON.stringify({ error: `the test endpoints can't be loaded: ${String(error)}` })}\n`;
  response.writeHead(500, { "content-type": "application/json; charset=utf-8" });
  response.end(text);
}
