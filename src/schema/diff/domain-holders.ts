/**
 * Where values of a domain stand that PostgreSQL cannot check: within arrays and rows that columns
 * hold. A type that no column holds, or a domain over the domain, is not in its way.
 */
import type { Column, Model } from "../model.js";
import { qualified } from "../names.js";
import { isMadeOf } from "./holders.js";

export interface HoldingColumn {
  readonly table: string;
  readonly column: string;
}

export function columnsAround(domain: string, model: Model): HoldingColumn[] {
  const { bare, containers } = typesAround(domain, model);
  const isAround = ({ usesType, type }: Column): boolean =>
    usesType !== null &&
    (containers.has(usesType) ||
      (bare.has(usesType) && type !== qualified(model.namespace, usesType)));
  return model.tables.flatMap(({ name: table, columns }) =>
    columns.filter(isAround).map(({ name: column }) => ({ table, column })),
  );
}

interface Around {
  /** The domain and domains over it, whose values are the domain's. */
  readonly bare: ReadonlySet<string>;
  /** Types, and tables by their row types, that hold it in an array or a row. */
  readonly containers: ReadonlySet<string>;
}

function typesAround(domain: string, model: Model): Around {
  const { namespace, domains, composites, tables } = model;
  const bare = new Set([domain]);
  const containers = new Set<string>();
  const type = (name: string): string => qualified(namespace, name);
  for (let known = 0; known < bare.size + containers.size;) {
    known = bare.size + containers.size;
    const names = [...bare, ...containers];
    for (const other of domains) {
      if ([...bare].some((name) => other.type === type(name))) bare.add(other.name);
      else if (names.some((name) => isMadeOf(other, type(name)))) containers.add(other.name);
    }
    for (const other of composites) {
      if (names.some((name) => isMadeOf(other, type(name)))) containers.add(other.name);
    }
    for (const { name, columns } of tables) {
      if (columns.some(({ usesType }) => usesType !== null && names.includes(usesType))) {
        containers.add(name);
      }
    }
  }
  return { bare, containers };
}
