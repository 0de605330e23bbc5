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

/** The fixtures as batches, each after those that it refers to. Errors: BadRequest on a circle. */
export function orderFixtures(fixtures: readonly Fixture[]): Batch[] {
  const waits = new Map<string, number>();
  const dependants = new Map<string, Fixture[]>();
  for (const fixture of fixtures) {
    const targets = [...new Set(Object.values(fixture.refs))];
    waits.set(fixture.id, targets.length);
    for (const target of targets) {
      const list = dependants.get(target);
      if (list === undefined) dependants.set(target, [fixture]);
      else list.push(fixture);
    }
  }
  const batches: Batch[] = [];
  let done = 0;
  let level = fixtures.filter(({ id }) => waits.get(id) === 0);
  while (level.length > 0) {
    batches.push(...groupByShape(level));
    done += level.length;
    level = level.flatMap(({ id }) =>
      (dependants.get(id) ?? []).filter((dependant) => {
        const left = (waits.get(dependant.id) ?? 0) - 1;
        waits.set(dependant.id, left);
        return left === 0;
      }),
    );
  }
  if (done < fixtures.length) {
    const circle = fixtures.filter(({ id }) => (waits.get(id) ?? 0) > 0).map(({ id }) => id);
    throw new BadRequest(`these fixtures refer to each other in a circle: ${circle.join(", ")}`);
  }
  return batches;
}
