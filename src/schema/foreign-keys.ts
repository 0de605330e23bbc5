/**
 * Takes the foreign keys out of a CREATE TABLE, so that tables can be created in any order and
 * circular references are no special case. Each becomes an ALTER TABLE of its own.
 */
import type { ColumnDef, Constraint, CreateStmt, Node } from "@pgsql/types";
import { id } from "./names.js";
import { tokenIndex } from "./source.js";
import { lex, type Token } from "./lexer.js";

export interface Cut {
  readonly start: number;
  readonly end: number;
}

export interface SplitForeignKey {
  readonly constraint: Constraint;
  /** What follows ALTER TABLE name. */
  readonly action: string;
  /** Where it stood. */
  readonly start: number;
}

export interface Split {
  /** What to take out of the statement; sorted. */
  readonly cuts: readonly Cut[];
  readonly foreignKeys: readonly SplitForeignKey[];
}

const isForeign = (node: Node): boolean =>
  "Constraint" in node && node.Constraint.contype === "CONSTR_FOREIGN";

const hasForeignKey = ({ tableElts }: CreateStmt): boolean =>
  (tableElts ?? []).some(
    (node) =>
      isForeign(node) ||
      ("ColumnDef" in node && (node.ColumnDef.constraints ?? []).some(isForeign)),
  );

/** `text` is the statement's; `at` maps the tree's positions into it. */
export function splitForeignKeys(
  create: CreateStmt,
  text: string,
  at: (byte: number) => number,
): Split {
  if (!hasForeignKey(create)) return { cuts: [], foreignKeys: [] };
  const tokens = lex(text).filter(({ kind }) => kind !== "comment");
  const cuts: Cut[] = [];
  const foreignKeys: SplitForeignKey[] = [];
  const gone = new Set<Token>();
  for (const element of create.tableElts ?? []) {
    if ("ColumnDef" in element) {
      for (const [constraint, cut] of columnKeys(element.ColumnDef, tokens, at)) {
        const words = text.slice(cut.start, cut.end);
        const references = words.search(/\breferences\b/i);
        const key = `FOREIGN KEY (${id(element.ColumnDef.colname ?? "")}) `;
        const action = `ADD ${words.slice(0, references)}${key}${words.slice(references)}`;
        cuts.push(cut);
        foreignKeys.push({ constraint, action, start: cut.start });
      }
    } else if ("Constraint" in element && element.Constraint.contype === "CONSTR_FOREIGN") {
      const start = at(element.Constraint.location ?? 0);
      const end = elementEnd(tokens, start);
      foreignKeys.push({
        constraint: element.Constraint,
        action: `ADD ${text.slice(start, end)}`,
        start,
      });
      cuts.push({ start, end }, ...commaCut(tokens, start, end, gone));
    }
  }
  return { cuts: cuts.sort((a, b) => a.start - b.start), foreignKeys };
}

function* columnKeys(
  column: ColumnDef,
  tokens: readonly Token[],
  at: (byte: number) => number,
): Iterable<[Constraint, Cut]> {
  const constraints = (column.constraints ?? []).flatMap((node) =>
    "Constraint" in node ? [node.Constraint] : [],
  );
  const starts = constraints
    .filter(({ contype }) => contype?.startsWith("CONSTR_ATTR") !== true)
    .map(({ location }) => at(location ?? 0));
  const collation = column.collClause?.location;
  if (collation !== undefined) starts.push(at(collation));
  for (const constraint of constraints) {
    if (constraint.contype !== "CONSTR_FOREIGN") continue;
    const start = at(constraint.location ?? 0);
    const following = starts.filter((other) => other > start);
    yield [constraint, { start, end: Math.min(elementEnd(tokens, start), ...following) }];
  }
}

/** Behind the last token of the list element that `start` is in. */
function elementEnd(tokens: readonly Token[], start: number): number {
  let depth = 0;
  let end = start;
  for (let index = tokenIndex(tokens, start); index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.value === "(" || token.value === "[") depth += 1;
    if (token.value === ")" || token.value === "]") depth -= 1;
    if (depth < 0 || (depth === 0 && token.value === ",")) break;
    end = token.end;
  }
  return end;
}

/** One comma beside the element that goes: the one in front, or behind when that one is gone already. */
function commaCut(tokens: readonly Token[], start: number, end: number, gone: Set<Token>): Cut[] {
  const index = tokenIndex(tokens, start);
  const sides = [tokens[index - 1], tokens[tokenIndex(tokens, end)]];
  const comma = sides.find((token) => token?.value === "," && !gone.has(token));
  if (comma === undefined) return [];
  gone.add(comma);
  return [{ start: comma.start, end: comma.end }];
}
