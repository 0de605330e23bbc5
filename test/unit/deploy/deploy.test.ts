import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { loadConfig } from "../../../src/config/load.js";
import { deployProject, type DeployResult } from "../../../src/deploy/deploy.js";
import { labelOf } from "../../../src/deploy/facts.js";
import { TARGETS, type Target } from "../../../src/deploy/targets.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "deploy-"));
  put("package.json", JSON.stringify({ name: "shop", dependencies: { "dazzle-supervise": "*" } }));
  put("package-lock.json", "{}");
});
afterEach(() => rmSync(root, { recursive: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}
const read = (name: string): string => readFileSync(join(root, name), "utf8");

async function deploy(
  target: Target,
  options: { toml?: string; force?: boolean; dryRun?: boolean } = {},
): Promise<DeployResult> {
  const { toml = '[project]\nname = "shop"\n', force = false, dryRun = false } = options;
  put("dazzle.toml", toml);
  const { config } = await loadConfig({ cwd: root, env: {}, flags: { env: "production" } });
  return deployProject(config, target, { force, dryRun });
}

const actions = ({ files }: DeployResult): string[] => [
  ...new Set(files.map(({ action }) => action)),
];

/** The value at a path such as `spec.template.spec.0`. */
function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (one, key) => (typeof one === "object" && one !== null ? Reflect.get(one, key) : undefined),
      value,
    );
}

/** Every manifest by `Kind/name`. */
function manifests({ files }: DeployResult): Map<string, unknown> {
  const documents = files.flatMap(({ text }) =>
    parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as unknown;
    }),
  );
  return new Map(
    documents.map((one) => [`${String(at(one, "kind"))}/${String(at(one, "metadata.name"))}`, one]),
  );
}

describe.each(TARGETS)("supervise deploy %s", (target) => {
  it("writes its files once, and keeps what is there", async () => {
    const first = await deploy(target);
    expect(actions(first)).toEqual(["created"]);
    for (const { path, text } of first.files) expect(read(path)).toBe(text);
    expect(actions(await deploy(target))).toEqual(["kept"]);
    const [file] = first.files;
    put(file?.path ?? "", "mine\n");
    const second = await deploy(target);
    expect(read(file?.path ?? "")).toBe("mine\n");
    expect(second.notes.join("\n")).toContain(file?.path);
    expect(actions(await deploy(target, { force: true }))).toContain("overwritten");
    expect(read(file?.path ?? "")).toBe(file?.text);
  });

  it("writes nothing in a dry run", async () => {
    const { files } = await deploy(target, { dryRun: true });
    for (const { path } of files) expect(existsSync(join(root, path))).toBe(false);
  });

  it("holds no secret and nothing of the machine that writes it", async () => {
    const toml = '[project]\nname = "shop"\n[database]\nurl = "postgresql://u:hush@db.test/x"\n';
    const { files } = await deploy(target, { toml });
    const all = files.map(({ text }) => text).join("\n");
    expect(all).not.toContain("hush");
    expect(all).not.toContain("db.test");
    expect(all).not.toContain(root);
  });
});

describe("names", () => {
  it.each([
    ["shop", "shop"],
    ["@acme/Shop_Two", "acme-shop-two"],
    ["2048", "app-2048"],
    ["Zürich", "z-rich"],
    ["…", "app"],
    ["a".repeat(60), "a".repeat(40)],
  ])("%s becomes the label %s", (name, label) => {
    expect(labelOf(name)).toBe(label);
  });
});

describe("the image", () => {
  const dockerfile = async (toml?: string): Promise<string> => {
    await deploy("docker", { force: true, ...(toml === undefined ? {} : { toml }) });
    return read("Dockerfile");
  };

  it("is built in two stages, runs as an ordinary user and starts without a shell", async () => {
    const text = await dockerfile();
    expect(text.match(/^FROM /gm)).toHaveLength(2);
    expect(text).toContain("npm ci");
    expect(text).toContain("npm prune --omit=dev");
    expect(text.lastIndexOf("\nUSER node\n")).toBeGreaterThan(text.lastIndexOf("FROM "));
    expect(text).toContain('CMD ["supervise", "serve"]');
    expect(text).toMatch(/HEALTHCHECK .*\n.*\/readyz/);
    expect(text).not.toContain("npm run build");
    expect(read(".dockerignore").split("\n")).toEqual(
      expect.arrayContaining(["node_modules", ".env", ".git", ".dazzle"]),
    );
  });

  it("takes its ports from the configuration, and builds where there is a build script", async () => {
    const scripts = { build: "tsc" };
    put("package.json", JSON.stringify({ name: "shop", scripts, engines: { node: "22.x" } }));
    const text = await dockerfile("[app]\nport = 3000\n[control]\nport = 3001\n");
    expect(text).toContain("EXPOSE 3000 3001");
    expect(text).toContain("127.0.0.1:3001/readyz");
    expect(text).toContain("RUN npm run build");
    expect(text).toContain("ARG NODE_VERSION=22");
  });

  it.each([
    ["pnpm-lock.yaml", "pnpm install --frozen-lockfile"],
    ["yarn.lock", "yarn install --frozen-lockfile"],
  ])("installs with the package manager of %s", async (lock, command) => {
    rmSync(join(root, "package-lock.json"));
    put(lock, "");
    expect(await dockerfile()).toContain(command);
  });

  it("says what is missing for a production image", async () => {
    rmSync(join(root, "package-lock.json"));
    put("package.json", '{"name":"shop"}');
    const { notes } = await deploy("docker");
    expect(notes.join("\n")).toContain("npm install dazzle-supervise");
    expect(notes.join("\n")).toContain("lock file");
  });

  it("stops in compose.yaml with more patience than a drain takes", async () => {
    await deploy("docker", {
      toml: '[supervisor]\ndrain_timeout = "2m"\nshutdown_delay = "10s"\n',
    });
    const grace = at(parse(read("compose.yaml")), "services.app.stop_grace_period");
    expect(Number.parseInt(String(grace), 10)).toBeGreaterThan(130);
  });
});

describe("the manifests", () => {
  it("probe the control port and end a pod later than a drain", async () => {
    const toml = '[supervisor]\ndrain_timeout = "40s"\nshutdown_delay = "8s"\n[app]\nport = 3000\n';
    const all = manifests(await deploy("kubernetes", { toml }));
    const pod = at(all.get("Deployment/shop"), "spec.template.spec");
    expect(at(pod, "terminationGracePeriodSeconds")).toBeGreaterThan(48);
    const container = at(pod, "containers.0");
    expect(at(container, "readinessProbe.httpGet")).toEqual({ path: "/readyz", port: "control" });
    expect(at(container, "livenessProbe.httpGet")).toEqual({ path: "/livez", port: "control" });
    // With a shutdown_delay of its own the supervisor needs no other one.
    expect(at(container, "lifecycle")).toBeUndefined();
    expect(at(container, "ports.0")).toEqual({ name: "http", containerPort: 3000 });
    expect(at(container, "resources.requests.memory")).toMatch(/^\d+Mi$/);
    expect(at(pod, "securityContext.runAsNonRoot")).toBe(true);
  });

  it("keep a pod accepting before its end where no shutdown_delay is set", async () => {
    const all = manifests(await deploy("kubernetes"));
    const pod = at(all.get("Deployment/shop"), "spec.template.spec");
    expect(at(pod, "containers.0.lifecycle.preStop.exec.command.0")).toBe("sleep");
    expect(at(pod, "terminationGracePeriodSeconds")).toBeGreaterThan(35);
  });

  it("select each other, and take the database from a secret", async () => {
    const all = manifests(await deploy("kubernetes"));
    const labels = at(all.get("Deployment/shop"), "spec.template.metadata.labels");
    expect(at(all.get("Service/shop"), "spec.selector")).toEqual(labels);
    expect(at(all.get("PodDisruptionBudget/shop"), "spec.selector.matchLabels")).toEqual(labels);
    const container = at(all.get("Deployment/shop"), "spec.template.spec.containers.0");
    const secret = { secretKeyRef: { name: "shop-database", key: "url" } };
    expect(at(container, "env.0")).toEqual({ name: "DATABASE_URL", valueFrom: secret });
    expect(at(all.get("CronJob/shop-migrate"), "spec.suspend")).toBe(true);
    expect(all.has("CronJob/shop-backup")).toBe(true);
  });

  it("list every file in the kustomization, uploads with a claim of their own", async () => {
    mkdirSync(join(root, "uploads"));
    const result = await deploy("kubernetes");
    const resources = at(parse(read("deploy/kubernetes/kustomization.yaml")), "resources");
    const names = result.files.map(({ path }) => path.replace("deploy/kubernetes/", ""));
    expect(names.pop()).toBe("kustomization.yaml");
    expect(resources).toEqual(names);
    const all = manifests(result);
    expect(all.has("PersistentVolumeClaim/shop-uploads")).toBe(true);
    const mounts = at(all.get("Deployment/shop"), "spec.template.spec.containers.0.volumeMounts");
    expect(mounts).toContainEqual({ name: "uploads", mountPath: "/app/uploads" });
  });
});

describe("heroku", () => {
  it("has a web and a release process, and pools that fit in its smallest database", async () => {
    await deploy("heroku");
    expect(read("Procfile")).toMatch(
      /^release: supervise db upgrade && supervise migrate\nweb: exec supervise .*\$PORT/,
    );
    const env = at(JSON.parse(read("app.json")), "env");
    const value = (name: string) => Number(at(env, `${name}.value`));
    expect(value("WEB_CONCURRENCY") * value("DAZZLE_DB_POOL_MAX") + 1).toBeLessThan(20);
    expect(value("DAZZLE_DB_POOL_MIN")).toBeLessThanOrEqual(value("DAZZLE_DB_POOL_MAX"));
  });

  it("warns of a drain that the platform would cut", async () => {
    const toml = '[supervisor]\ndrain_timeout = "25s"\n';
    expect((await deploy("heroku", { toml })).notes.join()).not.toContain("SIGTERM");
    expect((await deploy("heroku", { toml: "" })).notes.join()).toContain('drain_timeout = "25s"');
  });
});
