/**
 * One value that changes with any change to a namespace's catalog rows. The server hashes identity
 * and last writer (oid, xmin) of each row, which takes milliseconds where reading definitions takes
 * seconds. Equal to the recorded one: nothing has changed since. Different: anything may have, and
 * the models are compared. The database's oid and the cluster's own number are in it, so a copy
 * elsewhere never looks unchanged by chance.
 */

const rows = (from: string): string => `
  select count(*) as n, sum(hashtextextended(k, 0)) as a, sum(hashtextextended(k, 1)) as b
  from (select ${from}) as keys`;

const KEY = (prefix: string, oid: string, alias: string): string =>
  `'${prefix}' || ${oid} || ' ' || ${alias}.xmin as k`;

/** An expression for the fingerprint of the namespace named by the SQL text `namespace`. */
export function fingerprintQuery(namespace: string): string {
  const relations = `pg_catalog.pg_class c where c.relnamespace = ns.oid and c.relkind in ('r', 'p', 'S', 'i', 'I', 'c')`;
  const parts = [
    `${KEY("c", "c.oid", "c")} from ${relations}`,
    `${KEY("a", "a.attrelid || '.' || a.attnum", "a")} from pg_catalog.pg_attribute a
      join pg_catalog.pg_class c on c.oid = a.attrelid
      where c.relnamespace = ns.oid and c.relkind in ('r', 'p', 'c') and a.attnum > 0`,
    `${KEY("d", "d.oid", "d")} from pg_catalog.pg_attrdef d
      join pg_catalog.pg_class c on c.oid = d.adrelid where c.relnamespace = ns.oid`,
    `${KEY("k", "k.oid", "k")} from pg_catalog.pg_constraint k where k.connamespace = ns.oid`,
    `${KEY("i", "i.indexrelid", "i")} from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid where c.relnamespace = ns.oid`,
    `${KEY("t", "t.oid", "t")} from pg_catalog.pg_type t where t.typnamespace = ns.oid`,
    `${KEY("e", "e.oid", "e")} from pg_catalog.pg_enum e
      join pg_catalog.pg_type t on t.oid = e.enumtypid where t.typnamespace = ns.oid`,
    `${KEY("s", "s.seqrelid", "s")} from pg_catalog.pg_sequence s
      join pg_catalog.pg_class c on c.oid = s.seqrelid where c.relnamespace = ns.oid`,
    `${KEY("h", "h.inhrelid || '.' || h.inhparent", "h")} from pg_catalog.pg_inherits h
      join pg_catalog.pg_class c on c.oid = h.inhrelid where c.relnamespace = ns.oid`,
    `${KEY("m", "m.objoid || '.' || m.objsubid", "m")} from pg_catalog.pg_description m
      where m.objoid in (select c.oid from pg_catalog.pg_class c where c.relnamespace = ns.oid
        union all select t.oid from pg_catalog.pg_type t where t.typnamespace = ns.oid
        union all select k.oid from pg_catalog.pg_constraint k where k.connamespace = ns.oid)`,
    `${KEY("o", "o.objid || '.' || o.refobjid || '.' || o.refobjsubid", "o")} from pg_catalog.pg_depend o
      join pg_catalog.pg_class c on c.oid = o.objid and o.classid = 'pg_catalog.pg_class'::regclass
      where c.relnamespace = ns.oid and c.relkind = 'S' and o.refobjsubid > 0`,
    `${KEY("f", "f.oid", "f")} from pg_catalog.pg_proc f where f.pronamespace = ns.oid`,
    `${KEY("x", "x.oid", "x")} from pg_catalog.pg_extension x`,
  ];
  return `(select md5(concat_ws(' ', ns.oid,
      (select oid from pg_catalog.pg_database where datname = current_database()),
      (select system_identifier from pg_catalog.pg_control_system()), sums.text))
    from pg_catalog.pg_namespace ns, lateral (
      select string_agg(concat_ws('/', n, a, b), ' ') as text
      from (${parts.map(rows).join("\nunion all")}) as part) as sums
    where ns.nspname = ${namespace})`;
}
