/** Puts the test endpoints before the application, where the profile allows them. */
import { createTestEndpoints, type TestEndpoints } from "../test-endpoints/handler.js";
import { beforeRequests } from "./before-request.js";
import { ownPool } from "./own-pool.js";
import type { Runtime } from "./runtime.js";
import type { Traffic } from "./traffic.js";

const PREFIX = "/__test__/";

export function installTestEndpoints(traffic: Traffic, runtime: Runtime): void {
  const { config } = runtime;
  if (!config.features.testEndpoints) return;
  let endpoints: TestEndpoints | null = null;
  beforeRequests(traffic, (request, response) => {
    if (request.url?.startsWith(PREFIX) !== true) return false;
    // Made when first asked for: a script may have no use for the worker's own pool otherwise.
    endpoints ??= createTestEndpoints({
      pool: ownPool(runtime).pool,
      namespace: config.database.namespace,
      // Empty is not set, as in a copied .env.
      anyName: config.env !== "development",
      host: config.app.host,
      secret: process.env["DAZZLE_TEST_SECRET"] || null,
    });
    return endpoints(request, response);
  });
}
