/**
 * One value that changes with any change to a namespace's catalog rows. The server hashes identity
 * and last writer (oid, xmin) of each row, which takes milliseconds where reading definitions takes
 * seconds. Equal to the recorded one: nothing has changed since. Different: anything may have, and
 * the models are compared. The database's oid and the cluster's own number are in it, so a copy
 * elsewhere never looks unchanged by chance.
 */

/** Count and sum of the hashes, tagged, so that the order of the parts does not matter. */
const part = ({ tag, key, of, from }: Part): string => `
  select '${tag}' || count(*) || ' ' || coalesce(sum(hashint8extended(${key}, ${of}.xmin::text::bigint)), 0) as k
  from ${from}`;

/**
 * The namespace's relations, read once: each scan of pg_class costs as much as hashing it, and at
 * 1,000 tables the whole takes about 0.6 of what joins with pg_class itself take.
 */
const RELATIONS = `with cls as materialized (
  select c.oid, c.relkind, c.xmin from pg_catalog.pg_class c where c.relnamespace = ns.oid)`;

/** An array, so that the catalog's index finds the rows of these alone. */
const oidsOf = (kinds: string): string =>
  `any (array(select oid from cls where relkind in (${kinds})))`;

interface Part {
  readonly tag: string;
  /** A bigint that tells the row from others. */
  readonly key: string;
  /** The alias of the row. */
  readonly of: string;
  readonly from: string;
}

const pair = (high: string, low: string): string => `(${high}::bigint << 32 | ${low}::bigint)`;

/** An expression for the fingerprint of the namespace named by the SQL text `namespace`. */
export function fingerprintQuery(namespace: string): string {
  const parts = [
    {
      tag: "c",
      key: "c.oid::bigint",
      of: "c",
      from: `cls c where c.relkind in ('r', 'p', 'S', 'i', 'I', 'c')`,
    },
    {
      tag: "a",
      key: pair("a.attrelid", "a.attnum"),
      of: "a",
      from: `pg_catalog.pg_attribute a
      where a.attrelid = ${oidsOf("'r', 'p', 'c'")} and a.attnum > 0`,
    },
    {
      tag: "d",
      key: "d.oid::bigint",
      of: "d",
      from: `pg_catalog.pg_attrdef d join cls c on c.oid = d.adrelid`,
    },
    {
      tag: "k",
      key: "k.oid::bigint",
      of: "k",
      from: `pg_catalog.pg_constraint k where k.connamespace = ns.oid`,
    },
    {
      tag: "i",
      key: "i.indexrelid::bigint",
      of: "i",
      from: `pg_catalog.pg_index i join cls c on c.oid = i.indexrelid`,
    },
    {
      tag: "t",
      key: "t.oid::bigint",
      of: "t",
      from: `pg_catalog.pg_type t where t.typnamespace = ns.oid`,
    },
    {
      tag: "e",
      key: "e.oid::bigint",
      of: "e",
      from: `pg_catalog.pg_enum e
      join pg_catalog.pg_type t on t.oid = e.enumtypid where t.typnamespace = ns.oid`,
    },
    {
      tag: "s",
      key: "s.seqrelid::bigint",
      of: "s",
      from: `pg_catalog.pg_sequence s join cls c on c.oid = s.seqrelid`,
    },
    {
      tag: "h",
      key: pair("h.inhrelid", "h.inhparent"),
      of: "h",
      from: `pg_catalog.pg_inherits h join cls c on c.oid = h.inhrelid`,
    },
    {
      tag: "m",
      key: pair("m.objoid", "m.objsubid"),
      of: "m",
      from: `pg_catalog.pg_description m
      where m.classoid = any (array['pg_catalog.pg_class', 'pg_catalog.pg_type',
        'pg_catalog.pg_constraint']::regclass[]::oid[]) and (
        exists (select from cls where oid = m.objoid)
        or exists (select from pg_catalog.pg_type t where t.oid = m.objoid and t.typnamespace = ns.oid)
        or exists (select from pg_catalog.pg_constraint k
          where k.oid = m.objoid and k.connamespace = ns.oid))`,
    },
    {
      tag: "o",
      key: `${pair("o.objid", "o.refobjid")} # (o.refobjsubid::bigint << 16)`,
      of: "o",
      from: `pg_catalog.pg_depend o
      where o.classid = 'pg_catalog.pg_class'::regclass and o.objid = ${oidsOf("'S'")}
        and o.refobjsubid > 0`,
    },
    {
      tag: "f",
      key: "f.oid::bigint",
      of: "f",
      from: `pg_catalog.pg_proc f where f.pronamespace = ns.oid`,
    },
    { tag: "x", key: "x.oid::bigint", of: "x", from: `pg_catalog.pg_extension x` },
  ];
  return `(select md5(concat_ws(' ', ns.oid,
      (select oid from pg_catalog.pg_database where datname = current_database()),
      (select system_identifier from pg_catalog.pg_control_system()), sums.text))
    from pg_catalog.pg_namespace ns, lateral (${RELATIONS}
      select string_agg(k, ' ' order by k) as text
      from (${parts.map(part).join("\nunion all")}) as parts) as sums
    where ns.nspname = ${namespace})`;
}

/** The first oid that is not of the server's own objects (FirstNormalObjectId in its access/transam.h). */
const FIRST_OID = 16384;

/**
 * An expression for what the namespace's definitions name elsewhere: schemas, types, functions and the
 * like that are not the server's own. It changes when one of them is renamed, which changes how the
 * server spells a definition, and no row of the namespace. Null where tables refer to tables
 * elsewhere, whose every name would have to be watched.
 */
export function surroundingsQuery(namespace: string): string {
  const others = (tag: string, catalog: string, where = ""): Part => ({
    tag,
    key: "o.oid::bigint",
    of: "o",
    from: `pg_catalog.${catalog} o where o.oid >= ${FIRST_OID}${where}`,
  });
  const parts = [
    others("n", "pg_namespace", " and o.nspname !~ '^(pg_|dazzle_scratch_)'"),
    others("t", "pg_type", " and o.typnamespace <> ns.oid and o.typtype <> 'c' and o.typelem = 0"),
    others("f", "pg_proc", " and o.pronamespace <> ns.oid"),
    others("l", "pg_collation"),
    others("p", "pg_operator"),
    others("q", "pg_opclass"),
    others("m", "pg_am"),
    others("b", "pg_tablespace"),
  ];
  return `(select case when
      exists (select from pg_catalog.pg_constraint k join pg_catalog.pg_class r on r.oid = k.confrelid
        where k.connamespace = ns.oid and r.relnamespace <> ns.oid)
      or exists (select from pg_catalog.pg_class c join pg_catalog.pg_inherits h on h.inhrelid = c.oid
        join pg_catalog.pg_class r on r.oid = h.inhparent
        where c.relnamespace = ns.oid and c.relkind in ('r', 'p') and r.relnamespace <> ns.oid)
    then null else (select md5(string_agg(k, ' ' order by k))
      from (${parts.map(part).join("\nunion all")}) as parts) end
    from pg_catalog.pg_namespace ns where ns.nspname = ${namespace})`;
}
