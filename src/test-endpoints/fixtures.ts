/** Pure: what a seed request says, checked, and in which order its rows can be created. */
import type { TableShape } from "./catalog.js";

export type Data = Readonly<Record<string, unknown>>;

export interface Fixture {
  id: string;
  table: string;
  data: Data;
  /** Column to the id of the fixture whose row it refers to. */
  refs: Readonly<Record<string, string>>;
}

/** Rows that one statement can insert: one table, the same columns, nothing that depends on another. */
export interface Batch {
  table: string;
  columns: readonly string[];
  fixtures: readonly Fixture[];
}

/** A request that can't be carried out; the message is for the test's author. */
export class BadRequest extends Error {}

const isRecord = (value: unknown): value is Data =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseFixture(value: unknown, at: number): Fixture {
  const where = `fixtures[${at}]`;
  if (!isRecord(value)) throw new BadRequest(`${where} must be an object`);
  const { id, table, data = {}, refs = {} } = value;
  if (typeof id !== "string" || id === "") throw new BadRequest(`${where}.id must be a text`);
  if (typeof table !== "string") throw new BadRequest(`${where}.table must name a table`);
  if (!isRecord(data)) throw new BadRequest(`${where}.data must be an object`);
  if (!isRecord(refs)) throw new BadRequest(`${where}.refs must be an object`);
  const entries = Object.entries(refs).map(([column, target]): [string, string] => {
    if (typeof target !== "string") {
      throw new BadRequest(`${where}.refs.${column} must be the id of a fixture`);
    }
    return [column, target];
  });
  return { id, table, data, refs: Object.fromEntries(entries) };
}

/** The fixtures of a request's body. Errors: BadRequest that names the place. */
export function parseFixtures(body: unknown): Fixture[] {
  const list = isRecord(body) ? body["fixtures"] : undefined;
  if (!Array.isArray(list)) throw new BadRequest('the body must be {"fixtures": [...]}');
  const fixtures = list.map(parseFixture);
  const seen = new Set<string>();
  for (const { id } of fixtures) {
    if (seen.has(id)) throw new BadRequest(`fixture '${id}' is there twice`);
    seen.add(id);
  }
  for (const { id, refs } of fixtures) {
    const missing = Object.values(refs).find((target) => !seen.has(target));
    if (missing !== undefined) {
      throw new BadRequest(`fixture '${id}' refers to '${missing}', which is not there`);
    }
  }
  return fixtures;
}

/** Checks tables and columns against the schema. Errors: BadRequest. */
export function checkFixtures(
  fixtures: readonly Fixture[],
  tables: ReadonlyMap<string, TableShape>,
): void {
  for (const { id, table, data, refs } of fixtures) {
    const shape = tables.get(table);
    if (shape === undefined) throw new BadRequest(`fixture '${id}': there is no table '${table}'`);
    for (const column of [...Object.keys(data), ...Object.keys(refs)]) {
      if (!shape.columns.has(column)) {
        throw new BadRequest(`fixture '${id}': table '${table}' has no column '${column}'`);
      }
    }
  }
}

const columnsOf = (fixture: Fixture): string[] =>
  [...new Set([...Object.keys(fixture.data), ...Object.keys(fixture.refs)])].sort();

function groupByShape(fixtures: readonly Fixture[]): Batch[] {
  const groups = new Map<string, { table: string; columns: string[]; fixtures: Fixture[] }>();
  for (const fixture of fixtures) {
    const columns = columnsOf(fixture);
    const shape = JSON.stringify([fixture.table, columns]);
    const group = groups.get(shape);
    if (group === undefined)
      groups.set(shape, { table: fixture.table, columns, fixtures: [fixture] });
    else group.fixtures.push(fixture);
  }
  return [...groups.values()];
}

/** A reference that is set by an update, once the row that it refers to is there. */
export interface Postponed {
  readonly fixture: Fixture;
  readonly column: string;
  readonly target: string;
}

export interface SeedOrder {
  readonly batches: readonly Batch[];
  readonly postponed: readonly Postponed[];
}

type Edge = readonly [column: string, target: string];

const edgesOf = ({ refs }: Fixture): Edge[] => Object.entries(refs);

/** What remains to be ordered, with the references that still stand in the way. */
type Open = ReadonlyMap<string, { readonly fixture: Fixture; readonly edges: Edge[] }>;

/** Follows references from any fixture until one comes again: the ids of the circle, in order. */
function circleIn(open: Open): string[] {
  const path: string[] = [];
  const seen = new Map<string, number>();
  for (let id = open.keys().next().value; id !== undefined;) {
    const before = seen.get(id);
    if (before !== undefined) return path.slice(before);
    seen.set(id, path.length);
    path.push(id);
    id = open.get(id)?.edges[0]?.[1];
  }
  return [];
}

/**
 * Opens the circle at a reference that may be empty for a while, or whose value is known beforehand,
 * which a self-reference or a deferrable key takes. Null: it was known. Errors: BadRequest.
 */
function openCircle(open: Open, tables: ReadonlyMap<string, TableShape>): Postponed | null {
  const circle = circleIn(open);
  const members = circle.flatMap((id) => open.get(id) ?? []);
  const nullable = members.find(({ fixture, edges }) => {
    const column = edges[0]?.[0] ?? "";
    return tables.get(fixture.table)?.nullable.has(column) === true;
  });
  const known = members.find(({ fixture, edges }) => {
    const [column, target] = edges[0] ?? [];
    if (column === undefined || target === undefined) return false;
    return knownValue(open.get(target)?.fixture, fixture.table, column, tables) !== undefined;
  });
  const chosen =
    known?.edges[0]?.[1] === known?.fixture.id ? (known ?? nullable) : (nullable ?? known);
  const edge = chosen?.edges.shift();
  if (chosen === undefined || edge === undefined) {
    throw new BadRequest(
      `these fixtures refer to each other in a circle, by columns that can't be empty: ${circle.join(", ")}`,
    );
  }
  const [column, target] = edge;
  const { fixture } = chosen;
  const isNullable = tables.get(fixture.table)?.nullable.has(column) === true;
  const isKnown =
    knownValue(open.get(target)?.fixture, fixture.table, column, tables) !== undefined;
  return isNullable && !(isKnown && target === fixture.id) ? { fixture, column, target } : null;
}

/** What the reference will be, where the fixture that it is to says so itself. */
export function knownValue(
  target: Fixture | undefined,
  table: string,
  column: string,
  tables: ReadonlyMap<string, TableShape>,
): unknown {
  if (target === undefined) return undefined;
  const key = tables.get(table)?.references.get(column) ?? tables.get(target.table)?.key[0];
  return key === undefined ? undefined : target.data[key];
}

function without(fixture: Fixture, left: readonly Postponed[]): Fixture {
  const columns = left.filter((one) => one.fixture.id === fixture.id).map(({ column }) => column);
  if (columns.length === 0) return fixture;
  const refs = Object.entries(fixture.refs).filter(([column]) => !columns.includes(column));
  return { ...fixture, refs: Object.fromEntries(refs) };
}

/**
 * The fixtures as batches, each after those that it refers to; where they refer to each other in a
 * circle, one reference is left to be set afterwards. Errors: BadRequest when none can be left.
 */
export function orderFixtures(
  fixtures: readonly Fixture[],
  tables: ReadonlyMap<string, TableShape>,
): SeedOrder {
  const open = new Map(
    fixtures.map((fixture) => [fixture.id, { fixture, edges: edgesOf(fixture) }]),
  );
  const dependants = new Map<string, string[]>();
  for (const { id, refs } of fixtures) {
    for (const target of new Set(Object.values(refs))) {
      const list = dependants.get(target);
      if (list === undefined) dependants.set(target, [id]);
      else list.push(id);
    }
  }
  const batches: Batch[] = [];
  const postponed: Postponed[] = [];
  let level = fixtures.filter(({ id }) => open.get(id)?.edges.length === 0);
  while (open.size > 0) {
    if (level.length === 0) {
      const left = openCircle(open, tables);
      if (left !== null) postponed.push(left);
      level = [...open.values()]
        .filter(({ edges }) => edges.length === 0)
        .map((one) => one.fixture);
      continue;
    }
    batches.push(...groupByShape(level.map((fixture) => without(fixture, postponed))));
    for (const { id } of level) open.delete(id);
    level = level.flatMap(({ id }) =>
      (dependants.get(id) ?? []).flatMap((dependant) => {
        const waiting = open.get(dependant);
        if (waiting === undefined || waiting.edges.length === 0) return [];
        const rest = waiting.edges.filter(([, target]) => target !== id);
        waiting.edges.splice(0, waiting.edges.length, ...rest);
        return rest.length === 0 ? [waiting.fixture] : [];
      }),
    );
  }
  return { batches, postponed };
}
