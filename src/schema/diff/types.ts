/** Enum types, domains and composite types. */
import { key, type Change, type NewType } from "../changes.js";
import { createType } from "../create-sql.js";
import type { Composite, Domain, DomainConstraint, Model } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration } from "./alteration.js";
import { commentChange, type Commented } from "./comments.js";
import { columnsAround, type HoldingColumn } from "./domain-holders.js";
import { isMadeOf } from "./holders.js";
import { byName, type Owned, type Scope } from "./scope.js";
import { diffEnum } from "./enums.js";

export function diffTypes(scope: Scope, owned: Owned): Change[] {
  const live = byName(typesOf(scope.live));
  const desired = typesOf(scope.desired);
  const names = new Set(desired.map(({ name }) => name));
  return [
    ...desired.flatMap((type) => {
      const existing = live.get(type.name);
      const changes: Change[] =
        existing === undefined
          ? [{ kind: "create_type", type, needs: [] }]
          : compare(existing, type, scope);
      const word = type.of === "domain" ? "DOMAIN" : "TYPE";
      const comment = commentChange(existing, type, {
        table: null,
        object: type.name,
        target: `${word} ${qualified(scope.namespace, type.name)}`,
        needs: [key.type(type.name)],
      });
      return [
        ...changes,
        ...(comment === null ? [] : [comment]),
        ...partComments(existing, type, scope),
      ];
    }),
    ...[...live.values()]
      .filter(({ name }) => !names.has(name) && owned.types.has(name))
      .map((type) => dropType(type, scope)),
  ];
}

function typesOf(model: Model): NewType[] {
  return [
    ...model.enums.map((type) => ({ of: "enum" as const, ...type })),
    ...model.domains.map((type) => ({ of: "domain" as const, ...type })),
    ...model.composites.map((type) => ({ of: "composite" as const, ...type })),
  ];
}

/** Comments on a domain's checks and a composite type's attributes. */
function partComments(live: NewType | undefined, type: NewType, scope: Scope): Change[] {
  const name = qualified(scope.namespace, type.name);
  const commented = (
    from: Commented | undefined,
    to: Commented & { readonly name: string },
    target: string,
    needs: readonly string[] = [],
  ): Change[] => {
    const place = { table: null, object: `${type.name}.${to.name}`, target };
    const change = commentChange(from, to, { ...place, needs: [key.type(type.name), ...needs] });
    return change === null ? [] : [change];
  };
  if (type.of === "composite") {
    const before = byName(live?.of === "composite" ? live.attributes : []);
    return type.attributes.flatMap((attribute) =>
      commented(before.get(attribute.name), attribute, `COLUMN ${name}.${id(attribute.name)}`),
    );
  }
  if (type.of !== "domain") return [];
  const twinOf = twins(live?.of === "domain" ? live.constraints : [], type, scope);
  return type.constraints.flatMap((constraint) => {
    const twin = twinOf(constraint);
    const called = twin?.name ?? constraint.name;
    return commented(twin, constraint, `CONSTRAINT ${id(called)} ON DOMAIN ${name}`, [
      key.constraint(type.name, constraint.name),
    ]);
  });
}

function dropType(type: NewType, scope: Scope): Change {
  const word = type.of === "domain" ? "DOMAIN" : "TYPE";
  return alteration({
    operation: type.of === "enum" ? "change_enum" : "unsupported",
    table: null,
    object: type.name,
    reason: `the ${type.of} type is no longer in the schema files; something else may use it`,
    up: [`DROP ${word} ${qualified(scope.namespace, type.name)}`],
    down: [createType(type, scope.namespace)],
    provides: [key.goneType(type.name)],
    needs: [...scope.live.domains, ...scope.live.composites]
      .filter((other) => isMadeOf(other, qualified(scope.namespace, type.name)))
      .map(({ name }) => key.goneType(name)),
  });
}

function compare(live: NewType, desired: NewType, scope: Scope): Change[] {
  if (live.of === "enum" && desired.of === "enum") return diffEnum(live, desired, scope);
  if (live.of === "domain" && desired.of === "domain") return diffDomain(live, desired, scope);
  if (live.of === "composite" && desired.of === "composite") {
    return diffComposite(live, desired, scope);
  }
  return [
    alteration({
      operation: "unsupported",
      table: null,
      object: desired.name,
      reason: `the ${live.of} type ${desired.name} shall be a ${desired.of} type`,
      up: [],
      down: null,
      note: "a person has to write this part: create the new type, move the columns over, drop the old one",
      provides: [key.type(desired.name)],
    }),
  ];
}

function diffDomain(live: Domain, desired: Domain, scope: Scope): Change[] {
  const head = `ALTER DOMAIN ${qualified(scope.namespace, desired.name)}`;
  const changes: Change[] = [];
  const base = { table: null, object: desired.name };
  const { note, needs } = around(desired, scope);
  if (live.type !== desired.type || live.collation !== desired.collation) {
    changes.push(
      alteration({
        ...base,
        operation: "change_type",
        reason: `the domain's type ${spelled(live)} to ${spelled(desired)}: PostgreSQL cannot change it in place`,
        up: [],
        down: null,
        note: "a person has to write this part: create a new domain, move the columns over, drop the old one",
        provides: [key.type(desired.name)],
      }),
    );
  }
  if (live.default !== desired.default) {
    const set = (value: string | null) =>
      value === null ? `${head} DROP DEFAULT` : `${head} SET DEFAULT ${value}`;
    changes.push(
      alteration({
        ...base,
        operation: "change_default",
        reason: `the domain's default ${live.default ?? "none"} to ${desired.default ?? "none"}: applications may rely on the value that new rows take`,
        up: [set(desired.default)],
        down: [set(live.default)],
      }),
    );
  }
  if (live.notNull !== desired.notNull) {
    const [set, drop] = [`${head} SET NOT NULL`, `${head} DROP NOT NULL`];
    changes.push(
      alteration({
        ...base,
        operation: desired.notNull ? "set_not_null" : "drop_not_null",
        reason: "every column of the domain changes with it",
        up: [desired.notNull ? set : drop],
        down: desired.notNull ? [drop] : note === null ? [set] : null,
        note: desired.notNull ? (note ?? NULLS) : null,
        needs: desired.notNull ? needs : [],
      }),
    );
  }
  return [...changes, ...diffDomainConstraints(live, desired, head, scope)];
}

const NULLS = "columns of the domain that hold null make it fail: a person has to fill them first";

const spelled = ({ type, collation }: Domain): string =>
  collation === null ? type : `${type} COLLATE ${collation}`;

interface Around {
  readonly note: string | null;
  /** What has to be done before. */
  readonly needs: readonly string[];
}

/** PostgreSQL refuses to check the values of a domain while columns hold it in arrays or rows. */
function around({ name }: Domain, { live, desired, namespace, owned }: Scope): Around {
  const stays = columnsAround(name, desired);
  const kept = new Set(stays.map(({ table, column }) => key.column(table, column)));
  const after = byName(desired.tables);
  const before = columnsAround(name, live).filter(
    ({ table, column }) => !kept.has(key.column(table, column)),
  );
  const goes = ({ table }: HoldingColumn) => after.has(table) || owned.tables.has(table);
  const columns = [...stays, ...before.filter((column) => !goes(column))]
    .map(({ table, column }) => `${table}.${column}`)
    .sort();
  return {
    needs: before
      .filter(goes)
      .flatMap(({ table, column }) => [
        key.column(table, column),
        `gone:${table}.${column}`,
        key.goneTable(table),
      ]),
    note:
      columns.length === 0
        ? null
        : `PostgreSQL cannot check values of ${qualified(namespace, name)} inside ${columns.join(", ")}, and refuses this while they have that type: a person has to write, in front of it, ALTER TABLE ... ALTER COLUMN ... TYPE for each of them to a type without the domain, and behind it the way back`,
  };
}

const sameCheck =
  ({ name }: Domain, scope: Scope) =>
  (a: DomainConstraint, b: DomainConstraint): boolean =>
    scope.same({
      kind: "domain",
      of: name,
      column: null,
      live: a.definition,
      desired: b.definition,
    });

/** The live check that each desired one is, by its name or else by what it says; each only once. */
function twins(live: readonly DomainConstraint[], desired: Domain, scope: Scope) {
  const same = sameCheck(desired, scope);
  const left = new Map(byName(live));
  const found = new Map<string, DomainConstraint>();
  for (const constraint of desired.constraints) {
    const twin =
      left.get(constraint.name) ?? [...left.values()].find((other) => same(other, constraint));
    if (twin === undefined) continue;
    left.delete(twin.name);
    found.set(constraint.name, twin);
  }
  return ({ name }: DomainConstraint): DomainConstraint | undefined => found.get(name);
}

function diffDomainConstraints(
  live: Domain,
  desired: Domain,
  head: string,
  scope: Scope,
): Change[] {
  const same = sameCheck(desired, scope);
  const twinOf = twins(live.constraints, desired, scope);
  const left = new Map(byName(live.constraints));
  const add = ({ name, definition, validated }: DomainConstraint) =>
    `${head} ADD CONSTRAINT ${id(name)} ${definition}${validated ? "" : " NOT VALID"}`;
  const drop = ({ name }: DomainConstraint) => `${head} DROP CONSTRAINT ${id(name)}`;
  const { note, needs } = around(desired, scope);
  const changes: Change[] = [];
  for (const constraint of desired.constraints) {
    const twin = twinOf(constraint);
    if (twin !== undefined) left.delete(twin.name);
    if (twin !== undefined && same(twin, constraint)) {
      if (constraint.validated && !twin.validated)
        changes.push(validated(twin, head, { note, needs }));
      continue;
    }
    changes.push(
      alteration({
        operation: "change_constraint",
        table: null,
        object: constraint.name,
        reason: `every column of the domain ${desired.name} would be checked: ${constraint.definition}`,
        ...(constraint.validated ? { note, needs } : {}),
        up: [...(twin === undefined ? [] : [drop(twin)]), add(constraint)],
        down:
          twin === undefined || !twin.validated || note === null
            ? [drop(constraint), ...(twin === undefined ? [] : [add(twin)])]
            : null,
        provides: [key.constraint(desired.name, constraint.name)],
      }),
    );
  }
  for (const constraint of left.values()) {
    changes.push(
      alteration({
        operation: "drop_constraint",
        table: null,
        object: constraint.name,
        reason: `nothing would enforce ${constraint.definition} on columns of the domain ${desired.name}`,
        up: [drop(constraint)],
        down: note === null || !constraint.validated ? [add(constraint)] : null,
      }),
    );
  }
  return changes;
}

function validated({ name, definition }: DomainConstraint, head: string, parts: Around) {
  return alteration({
    operation: "change_constraint",
    table: null,
    object: name,
    reason: `every column of the domain would be checked: ${definition}`,
    up: [`${head} VALIDATE CONSTRAINT ${id(name)}`],
    down: [
      `${head} DROP CONSTRAINT ${id(name)}`,
      `${head} ADD CONSTRAINT ${id(name)} ${definition} NOT VALID`,
    ],
    ...parts,
  });
}

/** The type, and those that are made of it. */
const holding = (name: string, scope: Scope): string[] => [
  name,
  ...[...scope.live.composites, ...scope.live.domains]
    .filter((other) => isMadeOf(other, qualified(scope.namespace, name)))
    .flatMap((other) => holding(other.name, scope)),
];

/** PostgreSQL changes an attribute's type only where no table holds the row type. */
function attributeNote(live: Composite, desired: Composite, scope: Scope): string | null {
  const before = byName(live.attributes);
  const retyped = desired.attributes.some((item) => {
    const old = before.get(item.name);
    return old !== undefined && (old.type !== item.type || old.collation !== item.collation);
  });
  const types = new Set(holding(live.name, scope));
  const holder = scope.live.tables.find((table) =>
    table.columns.some(({ usesType }) => usesType !== null && types.has(usesType)),
  );
  return retyped && holder !== undefined
    ? `${holder.name} holds the type, so PostgreSQL refuses to change an attribute's type: a person has to create a new type and move the columns over`
    : null;
}

/** PostgreSQL adds attributes behind the others, and moves none. */
function placeNote(live: Composite, desired: Composite): string | null {
  const [before, after] = [byName(live.attributes), byName(desired.attributes)];
  const names = desired.attributes.map(({ name }) => name);
  const kept = [...before.keys()].filter((name) => after.has(name));
  const reached = [...kept, ...names.filter((name) => !before.has(name))];
  return names.join("\n") === reached.join("\n")
    ? null
    : `PostgreSQL adds attributes behind the others and moves none: a person has to put them in this order in schema.sql (${reached.map(id).join(", ")}), or to create a new type and move the columns over`;
}

function diffComposite(live: Composite, desired: Composite, scope: Scope): Change[] {
  const spelled = ({ attributes }: Composite) =>
    attributes.map(({ name, type, collation }) => `${id(name)} ${type} ${collation ?? ""}`.trim());
  const [from, to] = [spelled(live), spelled(desired)];
  if (from.join() === to.join()) return [];
  const head = `ALTER TYPE ${qualified(scope.namespace, desired.name)}`;
  const steps = (before: Composite, after: Composite): string[] => {
    const old = byName(before.attributes);
    const fresh = byName(after.attributes);
    const collate = (collation: string | null) =>
      collation === null ? "" : ` COLLATE ${collation}`;
    return [
      ...before.attributes
        .filter(({ name }) => !fresh.has(name))
        .map(({ name }) => `${head} DROP ATTRIBUTE ${id(name)}`),
      ...after.attributes.flatMap(({ name, type, collation }) => {
        const present = old.get(name);
        if (present === undefined) {
          return [`${head} ADD ATTRIBUTE ${id(name)} ${type}${collate(collation)}`];
        }
        return present.type === type && present.collation === collation
          ? []
          : [`${head} ALTER ATTRIBUTE ${id(name)} TYPE ${type}${collate(collation)}`];
      }),
    ];
  };
  const up = steps(live, desired);
  return [
    alteration({
      operation: up.length === 0 ? "unsupported" : "change_type",
      table: null,
      object: desired.name,
      // What is made of it is stated for the type as it shall be.
      provides: [key.type(desired.name)],
      reason: `(${from.join(", ")}) to (${to.join(", ")}): tables that hold the type would have to change with it`,
      up,
      down: up.length === 0 ? null : steps(desired, live),
      note:
        up.length === 0
          ? "the attributes are the same in another order: a person has to put them back in schema.sql"
          : (attributeNote(live, desired, scope) ?? placeNote(live, desired)),
    }),
  ];
}
