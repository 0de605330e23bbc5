--- an index comes: plain
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--safe
add_index t.i

--- an index stays: plain
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);

--- an index comes: without a name
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index on t (a, b);
--safe
add_index t.t_a_b_idx

--- an index stays: without a name
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index on t (a, b);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index on t (a, b);

--- an index comes: unique
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create unique index i on t (a);
--safe
add_index t.i

--- an index stays: unique
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create unique index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create unique index i on t (a);

--- an index comes: descending with nulls last
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a desc nulls last, b asc nulls first);
--safe
add_index t.i

--- an index stays: descending with nulls last
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a desc nulls last, b asc nulls first);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a desc nulls last, b asc nulls first);

--- an index comes: on an expression
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (lower(b), (a + 1));
--safe
add_index t.i

--- an index stays: on an expression
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (lower(b), (a + 1));
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (lower(b), (a + 1));

--- an index comes: partial
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where b is not null and a > 5;
--safe
add_index t.i

--- an index stays: partial
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where b is not null and a > 5;
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where b is not null and a > 5;

--- an index comes: covering
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) include (b);
--safe
add_index t.i

--- an index stays: covering
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) include (b);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) include (b);

--- an index comes: with an operator class
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (b text_pattern_ops);
--safe
add_index t.i

--- an index stays: with an operator class
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (b text_pattern_ops);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (b text_pattern_ops);

--- an index comes: with a collation
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (b collate "C" desc);
--safe
add_index t.i

--- an index stays: with a collation
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (b collate "C" desc);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (b collate "C" desc);

--- an index comes: gin
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using gin (c jsonb_path_ops);
--safe
add_index t.i

--- an index stays: gin
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using gin (c jsonb_path_ops);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using gin (c jsonb_path_ops);

--- an index comes: gist
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using gist (d);
--safe
add_index t.i

--- an index stays: gist
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using gist (d);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using gist (d);

--- an index comes: brin with parameters
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using brin (a) with (pages_per_range = 32);
--safe
add_index t.i

--- an index stays: brin with parameters
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using brin (a) with (pages_per_range = 32);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using brin (a) with (pages_per_range = 32);

--- an index comes: hash
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using hash (a);
--safe
add_index t.i

--- an index stays: hash
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using hash (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using hash (a);

--- an index comes: with fillfactor
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) with (fillfactor = 70);
--safe
add_index t.i

--- an index stays: with fillfactor
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) with (fillfactor = 70);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) with (fillfactor = 70);

--- an index comes: unique without distinct nulls
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create unique index i on t (a) nulls not distinct;
--safe
add_index t.i

--- an index stays: unique without distinct nulls
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create unique index i on t (a) nulls not distinct;
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create unique index i on t (a) nulls not distinct;

--- an index comes: on a casted json field
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (((c ->> 'n')::int));
--safe
add_index t.i

--- an index stays: on a casted json field
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (((c ->> 'n')::int));
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (((c ->> 'n')::int));

--- an index comes: written as concurrent
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index concurrently i on t (a);
--safe
add_index t.i

--- an index stays: written as concurrent
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index concurrently i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index concurrently i on t (a);

--- an index comes: with a quoted name
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index "I x" on t (a);
--safe
add_index t.I x

--- an index stays: with a quoted name
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index "I x" on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index "I x" on t (a);

--- an index comes: on a case expression
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t ((case when a > 1 then 'x' else 'y' end));
--safe
add_index t.i

--- an index stays: on a case expression
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t ((case when a > 1 then 'x' else 'y' end));
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t ((case when a > 1 then 'x' else 'y' end));

--- an index comes: on a varchar list
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where b in ('x', 'y');
--safe
add_index t.i

--- an index stays: on a varchar list
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where b in ('x', 'y');
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where b in ('x', 'y');

--- an index goes
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--unsafe
drop_index t.i

--- an index on other columns
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a, b);
--unsafe
change_index t.i

--- an index becomes unique
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create unique index i on t (a);
--unsafe
change_index t.i

--- an index with another predicate
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where a > 1;
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a) where a > 2;
--unsafe
change_index t.i

--- an index with another method
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t using hash (a);
--unsafe
change_index t.i

--- an index with another order
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a desc);
--unsafe
change_index t.i

--- an index is renamed
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index j on t (a);
--unsafe
change_index t.j

--- an index whose name the server makes up differs
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index other on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index on t (a);

--- an index moves to another name and definition
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index j on t (b);
--safe
add_index t.j
--unsafe
drop_index t.i

--- two indexes of one definition
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a); create index j on t (a);
--safe
add_index t.j

--- indexes on a new table
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
create index i on t (a); create unique index j on t (b) where a > 0;
--safe
create_table t
add_index t.i
add_index t.j

--- an index on a new column
--old
create table t (id int primary key, a int, b text, c jsonb, d tstzrange);
--data
insert into t values (1, 2, 'x', '{}', '[2026-01-01,2026-01-02)');
--new
create table t (id int primary key, a int, b text, c jsonb, d tstzrange, e int);
create index on t (e);
--safe
add_column t.e
add_index t.t_e_idx

--- a name on a partition that its parent's part has
--old
create table m (id int not null, v int) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
create index m_v on m (v);
--new
create table m (id int not null, v int) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
create index m_1_v_idx on m_1 (id);
create index m_v on m (v);
--unsafe
change_index m_1.m_1_v_idx

--- a parent's index goes and its partition has the name of the part
--old
create table m (id int not null, v int) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
create index m_v on m (v);
--new
create table m (id int not null, v int) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
create index m_1_v_idx on m_1 (v, id);
--unsafe
drop_index m.m_v
change_index m_1.m_1_v_idx
