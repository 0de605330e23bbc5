/** Pure: Heroku, and platforms that read a Procfile as it does. */
import type { DeployFacts, DeployPlan } from "./model.js";
import { seconds, workersOf } from "./seconds.js";

/** The smallest database plan; its limit of connections is what the pools must fit in. */
const PLAN = "heroku-postgresql:essential-0";
const CONNECTIONS = 20;
/** The supervisor's own, the release phase's, and one for a person with psql. */
const SET_ASIDE = 3;
/** Between SIGTERM and SIGKILL, not configurable there. Source: devcenter.heroku.com/articles/dynos. */
const GRACE_S = 30;

function sizes(facts: DeployFacts): { workers: number; max: number } {
  const workers = Math.min(workersOf(facts), 2);
  return { workers, max: Math.min(facts.poolMax, Math.floor((CONNECTIONS - SET_ASIDE) / workers)) };
}

function appJson(facts: DeployFacts): string {
  const { workers, max } = sizes(facts);
  const env = {
    DAZZLE_ENV: facts.env,
    WEB_CONCURRENCY: String(workers),
    DAZZLE_DB_POOL_MIN: String(Math.min(2, max)),
    DAZZLE_DB_POOL_MAX: String(max),
    // The platform's certificates are signed by itself.
    PGSSLMODE: "no-verify",
  };
  const described = {
    name: facts.label,
    description: `${facts.project}, supervised`,
    stack: "heroku-24",
    buildpacks: [{ url: "heroku/nodejs" }],
    addons: [{ plan: PLAN, as: "DATABASE" }],
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, { value }])),
    formation: { web: { quantity: 1, size: "basic" } },
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

export function heroku(facts: DeployFacts): DeployPlan {
  const { workers, max } = sizes(facts);
  const stop = seconds(facts.drainMs + facts.shutdownDelayMs);
  return {
    files: [
      { path: "Procfile", text: facts.procfile },
      { path: "app.json", text: appJson(facts) },
    ],
    notes: [
      `app.json sizes for ${PLAN}: ${workers} workers x ${max} connections and one for the supervisor fit in its ${CONNECTIONS}; a larger plan takes more`,
      ...(stop >= GRACE_S
        ? [
            `Heroku kills ${GRACE_S} s after SIGTERM, and shutdown_delay and drain_timeout are ${stop} s together: set drain_timeout = "25s" in [env.${facts.env}.supervisor]`,
          ]
        : []),
      ...(facts.node.range === null
        ? [
            `package.json says no Node.js version: add "engines": { "node": "${facts.node.major}.x" }`,
          ]
        : []),
      ...(facts.hasUploads
        ? [
            `a dyno's files go with it: what the application puts into ${facts.uploads} belongs into an object store`,
          ]
        : []),
    ],
    next: [
      "heroku create",
      `heroku addons:create ${PLAN}`,
      `heroku config:set DAZZLE_ENV=${facts.env} WEB_CONCURRENCY=${workers} DAZZLE_DB_POOL_MIN=${Math.min(2, max)} DAZZLE_DB_POOL_MAX=${max} PGSSLMODE=no-verify`,
      "git push heroku HEAD:main",
    ],
  };
}
