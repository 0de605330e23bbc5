/** A model in which a table or column has another name, in every text that mentions it. */
import { lex } from "../lexer.js";
import type { Constraint, Index, Model, Table } from "../model.js";
import { id, qualified } from "../names.js";

/** Replaces each bare name `from` in an expression; strings and qualified names stay. */
function respellColumn(text: string, from: string, to: string, start = 0): string {
  const tokens = lex(text);
  let result = "";
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    const isName = token.kind === "word" || token.kind === "quoted";
    const hit = isName && token.value === from && token.start >= start;
    const next = tokens[index + 1]?.value;
    if (!hit || tokens[index - 1]?.value === "." || next === "(" || next === ".") continue;
    result += text.slice(at, token.start) + id(to);
    at = token.end;
  }
  return result + text.slice(at);
}

export function renameColumnIn(model: Model, table: string, from: string, to: string): Model {
  const name = (column: string): string => (column === from ? to : column);
  const respell = (text: string): string => respellColumn(text, from, to);
  const own = (item: Table): Table => ({
    ...item,
    partitionKey: item.partitionKey === null ? null : respell(item.partitionKey),
    columns: item.columns.map((column) => ({
      ...column,
      name: name(column.name),
      reads: column.reads.map(name),
      generated:
        column.generated === null
          ? null
          : { ...column.generated, expression: respell(column.generated.expression) },
    })),
    constraints: item.constraints.map((constraint) => ({
      ...constraint,
      definition: ownPart(constraint, respell),
      columns: constraint.columns.map(name),
    })),
    indexes: item.indexes.map((index): Index => ({
      ...index,
      definition: respell(index.definition),
      columns: index.columns.map(name),
    })),
  });
  return {
    ...model,
    tables: model.tables.map((item) => {
      const base = item.name === table ? own(item) : item;
      return {
        ...base,
        constraints: base.constraints.map((constraint) =>
          constraint.references?.table === table ? referencing(constraint, from, to) : constraint,
        ),
      };
    }),
    sequences: model.sequences.map((sequence) =>
      sequence.ownedBy?.table === table
        ? { ...sequence, ownedBy: { table, column: name(sequence.ownedBy.column) } }
        : sequence,
    ),
  };
}

const REFERENCES = " REFERENCES ";

/** A foreign key's own columns stand in front of REFERENCES. */
function ownPart({ kind, definition }: Constraint, respell: (text: string) => string): string {
  const at = kind === "foreign" ? definition.indexOf(REFERENCES) : -1;
  return at < 0 ? respell(definition) : respell(definition.slice(0, at)) + definition.slice(at);
}

function referencing(constraint: Constraint, from: string, to: string): Constraint {
  const at = constraint.definition.indexOf(REFERENCES);
  return {
    ...constraint,
    definition: respellColumn(constraint.definition, from, to, at < 0 ? 0 : at),
    references:
      constraint.references === null
        ? null
        : {
            ...constraint.references,
            columns: constraint.references.columns.map((name) => (name === from ? to : name)),
          },
  };
}

/** A row as a whole in a check or an index of the table itself: `task.*`. */
function respellRow(text: string, from: string, to: string): string {
  if (!text.includes(".*")) return text;
  const tokens = lex(text);
  let result = "";
  let at = 0;
  for (const [index, { kind, value, start, end }] of tokens.entries()) {
    const isName = (kind === "word" || kind === "quoted") && value === from;
    if (!isName || tokens[index + 1]?.value !== "." || tokens[index + 2]?.value !== "*") continue;
    if (tokens[index - 1]?.value === ".") continue;
    result += text.slice(at, start) + id(to);
    at = end;
  }
  return result + text.slice(at);
}

export function renameTableIn(model: Model, from: string, to: string): Model {
  const [old, fresh] = [qualified(model.namespace, from), qualified(model.namespace, to)];
  const respell = (text: string): string =>
    text.replaceAll(` ${old}(`, ` ${fresh}(`).replaceAll(`(${old} `, `(${fresh} `);
  const name = (table: string): string => (table === from ? to : table);
  // Sequences are renamed with their table by the revision; their defaults follow.
  const sequences = new Map(
    model.sequences
      .filter(({ ownedBy }) => ownedBy?.table === from)
      .flatMap(({ name: sequence, ownedBy }) => {
        const derived = `${from}_${ownedBy?.column ?? ""}_seq`;
        const renamed: [string, string] = [sequence, `${to}_${ownedBy?.column ?? ""}_seq`];
        return sequence === derived ? [renamed] : [];
      }),
  );
  const defaultOf = (text: string | null): string | null => {
    if (text === null) return null;
    let result = text;
    for (const [before, after] of sequences) {
      result = result.replaceAll(
        `'${qualified(model.namespace, before)}'`,
        `'${qualified(model.namespace, after)}'`,
      );
    }
    return result;
  };
  return {
    ...model,
    tables: model.tables.map((table) => ({
      ...table,
      name: name(table.name),
      inherits: table.inherits.map(name),
      partitionOf:
        table.partitionOf === null
          ? null
          : { ...table.partitionOf, parent: name(table.partitionOf.parent) },
      columns: table.columns.map((column) => ({ ...column, default: defaultOf(column.default) })),
      constraints: table.constraints.map((constraint) => ({
        ...constraint,
        definition:
          table.name === from
            ? respellRow(respell(constraint.definition), from, to)
            : respell(constraint.definition),
        references:
          constraint.references === null
            ? null
            : { ...constraint.references, table: name(constraint.references.table) },
      })),
    })),
    sequences: model.sequences.map((sequence) => ({
      ...sequence,
      name: sequences.get(sequence.name) ?? sequence.name,
      ownedBy:
        sequence.ownedBy === null
          ? null
          : { ...sequence.ownedBy, table: name(sequence.ownedBy.table) },
    })),
  };
}
