/**
 * The catalog queries, the same for the live namespace and for scratch. `$1` is the namespace's oid.
 * Objects that belong to an extension are left out. They run with an empty search_path, so that the
 * server qualifies every name it prints.
 */

const NOT_OF_EXTENSION = (catalog: string, oid: string): string =>
  `not exists (select from pg_depend e where e.classid = '${catalog}'::regclass
     and e.objid = ${oid} and e.deptype = 'e')`;

const TABLE_FILTER = `c.relnamespace = $1::oid and c.relkind in ('r', 'p')
  and ${NOT_OF_EXTENSION("pg_class", "c.oid")}`;

const SEQUENCE_OPTIONS = `s.seqtypid::regtype::text as seq_type, s.seqstart::text as seq_start,
  s.seqincrement::text as seq_increment, s.seqmin::text as seq_min, s.seqmax::text as seq_max,
  s.seqcache::text as seq_cache, s.seqcycle as seq_cycle`;

export const TABLES = `
  select c.oid::text as oid, c.relname as name, c.relkind = 'p' as partitioned,
    c.relpersistence = 'u' as unlogged,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
    case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound,
    (select json_agg(p.relname order by i.inhseqno) from pg_inherits i
      join pg_class p on p.oid = i.inhparent where i.inhrelid = c.oid) as parents,
    to_json(c.reloptions) as options,
    (select to_json(t.reloptions) from pg_class t where t.oid = c.reltoastrelid) as toast_options,
    nullif(am.amname, 'heap') as access_method, ts.spcname as tablespace,
    c.relrowsecurity as row_security, c.relforcerowsecurity as force_row_security,
    case c.relreplident when 'd' then 'DEFAULT' when 'f' then 'FULL' when 'n' then 'NOTHING'
      else 'USING INDEX ' || coalesce((select quote_ident(r.relname) from pg_index ri
        join pg_class r on r.oid = ri.indexrelid
        where ri.indrelid = c.oid and ri.indisreplident), '') end as replica_identity,
    d.description as comment
  from pg_class c
  left join pg_am am on am.oid = c.relam
  left join pg_tablespace ts on ts.oid = c.reltablespace
  left join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
    and d.objsubid = 0
  where ${TABLE_FILTER}
  order by c.relname`;

const VOLATILE = (tree: string): string => `(${tree} like '%NEXTVALUEEXPR%' or exists (
  select from regexp_matches(${tree}, ':(?:funcid|opfuncid) (\\d+)', 'g') as m
  join pg_proc p on p.oid = m[1]::oid where p.provolatile = 'v'))`;

/**
 * Of 10,000 columns few have more than a type and a default. What is seldom comes as one JSON value,
 * null where there is nothing of it: a third of the fields to read. Volatility matters for columns
 * that are yet to be added, so only scratch asks for it.
 */
export function columnsQuery(serverVersionNum: number, withVolatility: boolean): string {
  const compresses = serverVersionNum >= 140000;
  const rewrites = `(coalesce(${VOLATILE("ad.adbin::text")}, false)
    or (ad.oid is null and coalesce(${VOLATILE("t.typdefaultbin::text")}, false))
    or (t.typtype = 'd' and exists (
      with recursive base as (
        select t.oid, t.typnotnull, t.typbasetype
        union all
        select b.oid, b.typnotnull, b.typbasetype from base join pg_type b on b.oid = base.typbasetype)
      select from base where base.typnotnull
        or exists (select from pg_constraint k where k.contypid = base.oid))))`;
  return `
  select a.attrelid::text as table_oid, a.attname as name,
    format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null,
    case when a.attgenerated = '' then pg_get_expr(ad.adbin, ad.adrelid) end as "default",
    case when a.attidentity <> '' then json_build_object('always', a.attidentity = 'a',
      'seq_type', s.seqtypid::regtype::text, 'seq_start', s.seqstart::text,
      'seq_increment', s.seqincrement::text, 'seq_min', s.seqmin::text, 'seq_max', s.seqmax::text,
      'seq_cache', s.seqcache::text, 'seq_cycle', s.seqcycle, 'sequence', sc.relname,
      'comment', obj_description(sc.oid, 'pg_class')) end as identity,
    case when t.typnamespace = $1::oid or el.typnamespace = $1::oid
        or a.attcollation <> t.typcollation or a.attgenerated <> '' or a.attinhcount > 0
        ${compresses ? "or a.attcompression <> ''" : ""} or a.attstorage <> t.typstorage
        or a.attstattarget >= 0 or a.attoptions is not null or d.description is not null
        ${withVolatility ? `or ${rewrites}` : ""}
      then json_build_object(
        'uses_type', case
          when t.typnamespace = $1::oid and t.typtype in ('e', 'd', 'c') then t.typname
          when el.typnamespace = $1::oid and el.typtype in ('e', 'd', 'c') then el.typname end,
        'collation', case when a.attcollation <> t.typcollation
          then a.attcollation::regcollation::text end,
        'generated', case when a.attgenerated <> '' then pg_get_expr(ad.adbin, ad.adrelid) end,
        'virtual', a.attgenerated = 'v',
        'rewrites', ${withVolatility ? rewrites : "false"},
        'reads', (select json_agg(ra.attname order by ra.attnum) from pg_depend g
          join pg_attribute ra on ra.attrelid = a.attrelid and ra.attnum = g.refobjsubid
          where a.attgenerated <> '' and g.refclassid = 'pg_class'::regclass
            and g.refobjid = a.attrelid and g.refobjsubid not in (0, a.attnum)
            and ((g.classid = 'pg_attrdef'::regclass and g.objid = ad.oid)
              or (g.classid = 'pg_class'::regclass and g.objid = a.attrelid
                and g.objsubid = a.attnum))),
        'inherited', a.attinhcount > 0,
        'compression', ${compresses ? "case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end" : "null"},
        'storage', case when a.attstorage <> t.typstorage then case a.attstorage when 'p' then 'PLAIN'
          when 'e' then 'EXTERNAL' when 'm' then 'MAIN' else 'EXTENDED' end end,
        'statistics', case when a.attstattarget >= 0 then a.attstattarget end,
        'options', to_json(a.attoptions), 'comment', d.description) end as more
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_type el on el.oid = t.typelem and t.typcategory = 'A'
  left join pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
  left join pg_depend sd on a.attidentity <> '' and sd.classid = 'pg_class'::regclass
    and sd.refclassid = 'pg_class'::regclass and sd.refobjid = a.attrelid
    and sd.refobjsubid = a.attnum and sd.deptype = 'i'
  left join pg_sequence s on s.seqrelid = sd.objid
  left join pg_class sc on sc.oid = s.seqrelid
  left join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = a.attrelid
    and d.objsubid = a.attnum
  where ${TABLE_FILTER}
  order by a.attrelid, a.attnum`;
}

/** Never NOT NULL, which is a column's matter. */
const constraintsWhere = (which: string): string => `
  select k.conrelid::text as table_oid, k.conname as name, k.contype as kind,
    pg_get_constraintdef(k.oid) as definition,
    (select json_agg(a.attname order by u.place) from unnest(k.conkey) with ordinality u(num, place)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num) as columns,
    case when k.confrelid <> 0 then rc.relname end as ref_table,
    (select json_agg(a.attname order by u.place) from unnest(k.confkey) with ordinality u(num, place)
      join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num) as ref_columns,
    case when k.contype in ('p', 'u', 'x') then to_json(ki.reloptions) end as index_options,
    k.convalidated as validated, d.description as comment, di.description as index_comment
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  left join pg_class ki on ki.oid = k.conindid
  left join pg_class rc on rc.oid = k.confrelid
  left join pg_description d on d.classoid = 'pg_constraint'::regclass and d.objoid = k.oid
  left join pg_description di on k.contype in ('p', 'u', 'x')
    and di.classoid = 'pg_class'::regclass and di.objoid = k.conindid and di.objsubid = 0
  where ${TABLE_FILTER} and k.contype in ('p', 'u', 'f', 'c', 'x')
    and ${which}
  order by k.conrelid, k.conname`;

/** Not those that a partition or child takes over from its parent. */
export const CONSTRAINTS = constraintsWhere("k.conparentid = 0 and k.coninhcount = 0");

/**
 * Those alone, of the tables named in `$2`. A foreign key to a partitioned table has a row for each
 * partition that it refers to as well, which is a part of one on the same table.
 */
export const INHERITED_CONSTRAINTS = constraintsWhere(`c.relname = any ($2)
    and (k.conparentid <> 0 or k.coninhcount > 0) and not exists (select from pg_constraint o
      where o.oid = k.conparentid and o.conrelid = k.conrelid)`);

/** Not those that a constraint owns. */
const indexesWhere = (which: string): string => `
  select i.indrelid::text as table_oid, ic.relname as name, i.indisunique as is_unique,
    i.indisvalid and i.indisready as valid,
    pg_get_indexdef(i.indexrelid) as definition,
    'CREATE ' || case when i.indisunique then 'UNIQUE ' else '' end || 'INDEX '
      || quote_ident(ic.relname) || ' ON ' as head,
    (select json_agg(distinct a.attname) from pg_attribute a where a.attrelid = i.indrelid
      and (a.attnum = any (i.indkey) or exists (select from pg_depend x
        where x.classid = 'pg_class'::regclass and x.objid = i.indexrelid
          and x.refclassid = 'pg_class'::regclass and x.refobjid = i.indrelid
          and x.refobjsubid = a.attnum)) and a.attnum > 0) as columns,
    d.description as comment
  from pg_index i
  join pg_class c on c.oid = i.indrelid
  join pg_class ic on ic.oid = i.indexrelid
  left join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = i.indexrelid
    and d.objsubid = 0
  where ${TABLE_FILTER}
    and ${which}
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid
      and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x'))
  order by ic.relname`;

const IS_PART = "exists (select from pg_inherits h where h.inhrelid = i.indexrelid)";

/** Not a partition's part of its parent's index. */
export const INDEXES = indexesWhere(`not ${IS_PART}`);

/** Those alone, of the tables named in `$2`. */
export const INHERITED_INDEXES = indexesWhere(`c.relname = any ($2) and ${IS_PART}`);

export const SEQUENCES = `
  select c.relname as name, c.relpersistence = 'u' as unlogged, ${SEQUENCE_OPTIONS},
    oc.relname as owner_table, oa.attname as owner_column, d.description as comment
  from pg_class c
  join pg_sequence s on s.seqrelid = c.oid
  left join pg_depend o on o.classid = 'pg_class'::regclass and o.objid = c.oid
    and o.refclassid = 'pg_class'::regclass and o.refobjsubid > 0 and o.deptype in ('a', 'i')
  left join pg_class oc on oc.oid = o.refobjid
  left join pg_attribute oa on oa.attrelid = o.refobjid and oa.attnum = o.refobjsubid
  left join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
    and d.objsubid = 0
  where c.relnamespace = $1::oid and c.relkind = 'S' and o.deptype is distinct from 'i'
    and ${NOT_OF_EXTENSION("pg_class", "c.oid")}
  order by c.relname`;

const TYPE_FILTER = `t.typnamespace = $1::oid and ${NOT_OF_EXTENSION("pg_type", "t.oid")}`;
const TYPE_COMMENT = `left join pg_description d on d.classoid = 'pg_type'::regclass
    and d.objoid = t.oid and d.objsubid = 0`;

export const ENUMS = `
  select t.typname as name, d.description as comment,
    (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
      where e.enumtypid = t.oid) as values
  from pg_type t ${TYPE_COMMENT}
  where t.typtype = 'e' and ${TYPE_FILTER}
  order by t.typname`;

export const DOMAINS = `
  select t.typname as name, format_type(t.typbasetype, t.typtypmod) as type,
    case when t.typcollation <> b.typcollation then t.typcollation::regcollation::text end
      as collation,
    t.typnotnull as not_null, pg_get_expr(t.typdefaultbin, 0) as "default",
    (select json_agg(json_build_object('name', k.conname, 'validated', k.convalidated,
        'definition', pg_get_constraintdef(k.oid),
        'comment', obj_description(k.oid, 'pg_constraint')) order by k.conname)
      from pg_constraint k where k.contypid = t.oid and k.contype = 'c') as constraints,
    d.description as comment
  from pg_type t join pg_type b on b.oid = t.typbasetype ${TYPE_COMMENT}
  where t.typtype = 'd' and ${TYPE_FILTER}
  order by t.typname`;

export const COMPOSITES = `
  select t.typname as name, d.description as comment,
    (select json_agg(json_build_object('name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'collation', case when a.attcollation <> at.typcollation
          then a.attcollation::regcollation::text end,
        'comment', col_description(a.attrelid, a.attnum)) order by a.attnum)
      from pg_attribute a join pg_type at on at.oid = a.atttypid
      where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) as attributes
  from pg_type t join pg_class c on c.oid = t.typrelid and c.relkind = 'c' ${TYPE_COMMENT}
  where t.typtype = 'c' and ${TYPE_FILTER}
  order by t.typname`;

/** Of the whole database: extensions live in no namespace of their own. */
export const EXTENSIONS = `
  select e.extname as name, n.nspname as schema, e.extversion as version, d.description as comment
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  left join pg_description d on d.classoid = 'pg_extension'::regclass and d.objoid = e.oid
  order by e.extname`;
