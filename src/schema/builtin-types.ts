/**
 * Types of pg_catalog, which is looked into first: a bare name here never means a type of the
 * namespace. Source: pg_type of PostgreSQL 13 to 18, all but pseudo-types and row types.
 */
export const BUILTIN_TYPES: ReadonlySet<string> = new Set(
  `aclitem bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 float8
  gtsvector inet int2 int2vector int4 int4multirange int4range int8 int8multirange int8range interval
  json jsonb jsonpath line lseg macaddr macaddr8 money name numeric nummultirange numrange oid
  oidvector path pg_lsn pg_snapshot point polygon refcursor regclass regcollation regconfig
  regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype text tid time
  timestamp timestamptz timetz tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector
  txid_snapshot uuid varbit varchar xid xid8 xml`.split(/\s+/),
);
