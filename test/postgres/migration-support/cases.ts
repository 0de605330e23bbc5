/**
 * The files of migration-cases/. A case begins with `--- name`; its parts follow, each behind a mark:
 * `--old`, `--new`, `--data` (rows for the old schema), `--extra` (SQL that runs behind the tool's
 * back after the old schema was applied), `--safe` and `--unsafe` (one operation a line), `--person`
 * (the revision needs one), `--namespace NAME`, `--since MAJOR` (older servers do not know it) and
 * `--safe-since-MAJOR` (what is safe from that server on, in place of `--safe`). In `--new`, `--old` may be left out: then the old
 * schema is empty. `--same` stands for the old schema's text.
 */
export interface MigrationCase {
  readonly name: string;
  readonly namespace: string;
  readonly before: string;
  readonly after: string;
  readonly data: string;
  readonly extra: string;
  readonly safe: readonly string[];
  readonly unsafe: readonly string[];
  readonly person: boolean;
}

/** Those that a server of this major version knows. */
export function readCases(text: string, file: string, major: number): MigrationCase[] {
  return text
    .split(/^--- /m)
    .slice(1)
    .flatMap((block) => readCase(block, file, major) ?? []);
}

function readCase(block: string, file: string, major: number): MigrationCase | null {
  const [first = "", ...lines] = block.split("\n");
  const parts = new Map<string, string[]>();
  let open: string[] = [];
  for (const line of lines) {
    const [, mark, rest = ""] =
      /^--(old|new|data|extra|safe(?:-since-\d+)?|unsafe|person|namespace|since)(?![\w-]) ?(.*)$/.exec(
        line,
      ) ?? [];
    if (mark === undefined) open.push(line);
    else {
      open = rest === "" ? [] : [rest];
      parts.set(mark, open);
    }
  }
  const sql = (name: string): string => (parts.get(name) ?? []).join("\n").trim();
  const list = (name: string): string[] =>
    sql(name)
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  if (!parts.has("new")) throw new Error(`${file}: the case ${first} has no --new`);
  if (Number(sql("since")) > major) return null;
  const safe = [...parts.keys()]
    .filter((mark) => mark.startsWith("safe-since-") && Number(mark.slice(11)) <= major)
    .sort()
    .at(-1);
  return {
    name: first.trim(),
    namespace: sql("namespace") || "public",
    before: sql("old"),
    after: sql("new"),
    data: sql("data"),
    extra: sql("extra"),
    safe: list(safe ?? "safe"),
    unsafe: list("unsafe"),
    person: parts.has("person"),
  };
}
