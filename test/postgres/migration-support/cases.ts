/**
 * The files of migration-cases/. A case begins with `--- name`; its parts follow, each behind a mark:
 * `--old`, `--new`, `--data` (rows for the old schema), `--extra` (SQL that runs behind the tool's
 * back after the old schema was applied), `--safe` and `--unsafe` (one operation a line), `--person`
 * (the revision needs one), `--namespace NAME`. In `--new`, `--old` may be left out: then the old
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

export function readCases(text: string, file: string): MigrationCase[] {
  return text
    .split(/^--- /m)
    .slice(1)
    .map((block) => readCase(block, file));
}

function readCase(block: string, file: string): MigrationCase {
  const [first = "", ...lines] = block.split("\n");
  const parts = new Map<string, string[]>();
  let open: string[] = [];
  for (const line of lines) {
    const [, mark, rest = ""] =
      /^--(old|new|data|extra|safe|unsafe|person|namespace)\b ?(.*)$/.exec(line) ?? [];
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
  return {
    name: first.trim(),
    namespace: sql("namespace") || "public",
    before: sql("old"),
    after: sql("new"),
    data: sql("data"),
    extra: sql("extra"),
    safe: list("safe"),
    unsafe: list("unsafe"),
    person: parts.has("person"),
  };
}
