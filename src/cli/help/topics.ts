/** The topics of `supervise help`: the guides in docs/, which the package brings along. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Topic {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

const DOCS = fileURLToPath(new URL("../../../docs/", import.meta.url));

/** Not guides: what those who work on the product look up. */
const NO_GUIDES: ReadonlySet<string> = new Set(["architecture.md", "known-failures.md"]);

/** Other words that people look for. */
const ALIASES: Readonly<Record<string, string>> = {
  environments: "operations",
  env: "operations",
  guide: "operations",
  config: "configuration",
  settings: "configuration",
  exit: "exit-codes",
  "exit-code": "exit-codes",
  log: "events",
  logs: "events",
  migrate: "migrations",
  schema: "migrations",
  pool: "pools",
  watch: "development",
  page: "development",
  "test-endpoints": "development",
  docker: "deploy",
  kubernetes: "deploy",
  systemd: "deploy",
  heroku: "deploy",
};

/** In alphabetical order. */
export function listTopics(): Topic[] {
  return readdirSync(DOCS)
    .filter((name) => name.endsWith(".md") && !NO_GUIDES.has(name))
    .sort()
    .map((file) => {
      const text = readFileSync(join(DOCS, file), "utf8");
      const title = /^# +(.+)$/m.exec(text)?.[1] ?? file;
      return { name: file.replace(/\.md$/, ""), title, text };
    });
}

/** Null when there is no such topic. */
export function findTopic(word: string): Topic | null {
  const topics = listTopics();
  const named = (name: string | undefined) => topics.find((topic) => topic.name === name);
  return named(word.toLowerCase()) ?? named(ALIASES[word.toLowerCase()]) ?? null;
}

/** Everything that `findTopic` understands. */
export const topicWords = (): string[] => [
  ...listTopics().map(({ name }) => name),
  ...Object.keys(ALIASES),
];
