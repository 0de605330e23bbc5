--- a check comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check (a > 0));
--safe
add_constraint t.t_a_check
validate_constraint t.t_a_check

--- a named check comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint positive check (a > 0));
--safe
add_constraint t.positive
validate_constraint t.positive

--- a check over columns comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check (a < b));
--safe
add_constraint t.t_check
validate_constraint t.t_check

--- a check without inheritance comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint n check (a > 0) no inherit);
--safe
add_constraint t.n
validate_constraint t.n

--- a check stays not valid
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text );alter table t add constraint nv check (a > 100) not valid;
--safe
add_constraint t.nv

--- a check goes
--old
create table t (id int primary key, a int, b int, c text, check (a > 0));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text);
--unsafe
drop_constraint t.t_a_check

--- a check says something else
--old
create table t (id int primary key, a int, b int, c text, check (a > 0));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check (a > 1));
--unsafe
change_constraint t.t_a_check

--- a check spelled another way
--old
create table t (id int primary key, a int, b int, c text, check (a > 0 and c in ('x', 'y') and b between 1 and 5));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check ((a > 0) and (c = any (array['x', 'y'])) and (b >= 1 and b <= 5)));

--- a check with a regular expression and like
--old
create table t (id int primary key, a int, b int, c text, check (c ~ '^[a-z]+$'), check (c like 'x%'));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check (c ~ '^[a-z]+$'), check (c like 'x%'));

--- a check with case, coalesce and casts
--old
create table t (id int primary key, a int, b int, c text, check (coalesce(a, 0) + case when b > 1 then 1 else 0 end >= 0), check (c::varchar(5) is not null), check (c is distinct from 'q'));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check (coalesce(a, 0) + case when b > 1 then 1 else 0 end >= 0), check (c::varchar(5) is not null), check (c is distinct from 'q'));

--- a check with dates and intervals
--old
create table t (id int primary key, a int, b int, c text, d date check (d > date '2020-01-01'), e timestamptz check (e < '2100-01-01'::timestamptz + interval '1 day'));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, d date check (d > date '2020-01-01'), e timestamptz check (e < '2100-01-01'::timestamptz + interval '1 day'));

--- a check on varchar in a list
--old
create table t (id int primary key, a int, b int, c text, v varchar(9) check (v in ('a', 'b', 'c')));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, v varchar(9) check (v in ('a', 'b', 'c')));

--- a check is renamed
--old
create table t (id int primary key, a int, b int, c text, constraint old_name check (a > 0));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint new_name check (a > 0));
--unsafe
change_constraint t.new_name

--- a check whose name the server makes up differs
--old
create table t (id int primary key, a int, b int, c text, constraint other check (a > 0));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check (a > 0));

--- a unique constraint comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, unique (a));
--safe
add_constraint t.t_a_key

--- a named unique constraint over columns comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a, b));
--safe
add_constraint t.u

--- a unique constraint with include comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a) include (b));
--safe
add_constraint t.u

--- a deferrable unique constraint comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a) deferrable initially deferred);
--safe
add_constraint t.u

--- a unique constraint with storage parameters comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a) with (fillfactor = 70));
--safe
add_constraint t.u

--- a unique constraint without distinct nulls comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique nulls not distinct (a));
--safe
add_constraint t.u

--- a unique constraint goes
--old
create table t (id int primary key, a int, b int, c text, unique (a));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text);
--unsafe
drop_constraint t.t_a_key

--- a unique constraint over other columns
--old
create table t (id int primary key, a int, b int, c text, constraint u unique (a));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a, b));
--unsafe
change_constraint t.u

--- a unique constraint becomes deferrable
--old
create table t (id int primary key, a int, b int, c text, constraint u unique (a));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a) deferrable);
--unsafe
change_constraint t.u

--- a unique constraint is renamed
--old
create table t (id int primary key, a int, b int, c text, constraint u unique (a));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint v unique (a));
--unsafe
change_constraint t.v

--- a unique index becomes a constraint
--old
create table t (id int primary key, a int, b int, c text);create unique index u on t (a);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a));
--safe
add_constraint t.u

--- a unique constraint becomes an index
--old
create table t (id int primary key, a int, b int, c text, constraint u unique (a));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text);create unique index u on t (a);
--unsafe
change_index t.u
drop_constraint t.u

--- a unique index of other columns is in the way
--old
create table t (id int primary key, a int, b int, c text);create unique index u on t (b);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, constraint u unique (a));
--unsafe
change_constraint t.u

--- a foreign key comes
--old
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text);
--data
insert into p values (2, 1, 1); insert into t values (1, 2, 3, 'x');
--new
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text, foreign key (a) references p);
--safe
add_constraint t.t_a_fkey
validate_constraint t.t_a_fkey

--- a foreign key with actions comes
--old
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text);
--data
insert into p values (2, 1, 1); insert into t values (1, 2, 3, 'x');
--new
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text, constraint f foreign key (a) references p (id) match full on update cascade on delete set null deferrable initially deferred);
--safe
add_constraint t.f
validate_constraint t.f

--- a foreign key goes
--old
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text, foreign key (a) references p);
--data
insert into p values (2, 1, 1); insert into t values (1, 2, 3, 'x');
--new
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text);
--unsafe
drop_constraint t.t_a_fkey

--- a foreign key with another action
--old
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text, foreign key (a) references p);
--data
insert into p values (2, 1, 1); insert into t values (1, 2, 3, 'x');
--new
create table p (id int primary key, a int, b int);
create table t (id int primary key, a int, b int, c text, foreign key (a) references p on delete cascade);
--unsafe
change_constraint t.t_a_fkey

--- a foreign key to another table
--old
create table p (id int primary key, a int, b int);
create table q (id int primary key);
create table t (id int primary key, a int, b int, c text, constraint f foreign key (a) references p);
--data
insert into p values (2, 1, 1); insert into q values (2); insert into t values (1, 2, 3, 'x');
--new
create table p (id int primary key, a int, b int);
create table q (id int primary key);
create table t (id int primary key, a int, b int, c text, constraint f foreign key (a) references q);
--unsafe
change_constraint t.f

--- a foreign key to a unique constraint that comes with it
--old
create table p (id int primary key, a int);
create table t (id int primary key, a int, b int, c text);
--data
insert into p values (1, 2); insert into t values (1, 2, 3, 'x');
--new
create table p (id int primary key, a int unique);
create table t (id int primary key, a int, b int, c text, foreign key (a) references p (a));
--safe
add_constraint p.p_a_key
add_constraint t.t_a_fkey
validate_constraint t.t_a_fkey

--- a foreign key to a new table
--old
create table t (id int primary key, a int, b int, c text);
--new
create table p (id int primary key);
create table t (id int primary key, a int, b int, c text, foreign key (a) references p);
--safe
create_table p
add_constraint t.t_a_fkey
validate_constraint t.t_a_fkey

--- a foreign key that sets some columns null
--old
create table p (a int, b int, primary key (a, b));
create table t (id int primary key, a int, b int, c text);
--data
insert into p values (2, 3); insert into t values (1, 2, 3, 'x');
--new
create table p (a int, b int, primary key (a, b));
create table t (id int primary key, a int, b int, c text, constraint f foreign key (a, b) references p (a, b) on delete set null (b));
--safe
add_constraint t.f
validate_constraint t.f

--- a primary key comes on columns that are not null
--old
create table t (id int not null, a int);
--data
insert into t values (1, 2);
--new
create table t (id int not null primary key, a int);
--safe
add_constraint t.t_pkey

--- a primary key comes on columns that may be null
--old
create table t (id int, a int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, a int);
--unsafe
set_not_null t.id
change_primary_key t.t_pkey

--- a primary key goes
--old
create table t (id int primary key, a int);
--data
insert into t values (1, 2);
--new
create table t (id int not null, a int);
--unsafe
change_primary_key t.t_pkey

--- a primary key over other columns
--old
create table t (id int primary key, a int not null);
--data
insert into t values (1, 2);
--new
create table t (id int not null, a int not null, primary key (id, a));
--unsafe
change_primary_key t.t_pkey

--- a primary key is renamed
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int constraint k primary key);
--unsafe
change_primary_key t.k

--- a primary key that a foreign key needs changes
--old
create table t (id int primary key, a int not null); create table r (t int references t);
--data
insert into t values (1, 2); insert into r values (1);
--new
create table t (id int not null unique, a int not null, primary key (id, a)); create table r (t int references t (id));
--safe
add_constraint t.t_id_key
--unsafe
change_primary_key t.t_pkey

--- an exclusion constraint comes on a small table
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, during tstzrange, exclude using gist (during with &&));
--safe
add_column t.during
add_constraint t.t_during_excl

--- an exclusion constraint stays
--old
create table t (id int primary key, a int, b int, c text, r int4range, constraint e exclude using gist (r with &&) where (r is not null));
--data
insert into t values (1, 2, 3, 'x', '[1,2)');
--new
create table t (id int primary key, a int, b int, c text, r int4range, constraint e exclude using gist (r with &&) where (r is not null));

--- an exclusion constraint says something else
--old
create table t (id int primary key, a int, b int, c text, r int4range, constraint e exclude using gist (r with &&));
--data
insert into t values (1, 2, 3, 'x', '[1,2)');
--new
create table t (id int primary key, a int, b int, c text, r int4range, constraint e exclude using gist (r with &&) where (r is not null));
--unsafe
change_constraint t.e

--- a constraint on a renamed column waits
--old
create table t (id int primary key, a int, b int, c text , old_col int);
--data
insert into t values (1, 2, 3, 'x', 4);
--new
create table t (id int primary key, a int, b int, c text, new_col int -- was: old_col
, check (new_col > 0));
--unsafe
rename_column t.old_col
change_constraint t.t_new_col_check

--- constraints in another order
--old
create table t (id int primary key, a int, b int, c text, unique (a), check (b > 0), foreign key (a) references t (id));
--data
insert into t values (1, 1, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, foreign key (a) references t (id), check (b > 0), unique (a));

--- two checks of one column
--old
create table t (id int primary key, a int, b int, c text, check (a > 0), check (a < 100));
--data
insert into t values (1, 2, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, check (a > 0), check (a < 100), check (a <> 50));
--safe
add_constraint t.t_a_check2
validate_constraint t.t_a_check2

--- not null in a column and the primary key
--old
create table t (id int primary key, a int, b int, c text, d int not null);
--data
insert into t values (1, 2, 3, 'x', 4);
--new
create table t (id int primary key, a int, b int, c text, d int not null);

--- a foreign key to itself comes
--old
create table t (id int primary key, a int, b int, c text);
--data
insert into t values (1, 1, 3, 'x');
--new
create table t (id int primary key, a int, b int, c text, foreign key (a) references t (id));
--safe
add_constraint t.t_a_fkey
validate_constraint t.t_a_fkey

--- a key's name on a partition that its parent's part has
--old
create table m (id int not null, v int, primary key (id)) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
create table m_2 partition of m for values from (10) to (20) partition by range (id);
create table m_2a partition of m_2 for values from (10) to (15);
--new
create table m (id int not null, v int) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
create table m_2 partition of m for values from (10) to (20) partition by range (id);
create table m_2a partition of m_2 for values from (10) to (15);
alter table m_1 add constraint m_1_pkey unique (id, v);
create index m_2a_pkey on m_2a (v);
alter table m add primary key (id);
--unsafe
change_constraint m_1.m_1_pkey
change_index m_2a.m_2a_pkey

--- a constraint trigger has the name of a constraint
--old
create table t (id int, n int constraint at_least check (n > 0));
--extra
create function f() returns trigger language plpgsql as 'begin return null; end';
create constraint trigger positive after insert on t for each row execute function f();
create constraint trigger named after insert on t for each row execute function f();
--new
create table t (id int, n int constraint named check (n > 0), constraint positive check (id > 0));
--unsafe
unsupported t.positive
change_constraint t.named
--person

--- a NOT NULL constraint has the name of a constraint
--since 18
--old
create table t (id int not null);
--new
create table t (id int not null, constraint t_id_not_null check (id > 0));
--unsafe
unsupported t.t_id_not_null
--person

--- an exclusion constraint with included columns and storage parameters
--old
create table r (id int primary key, during tsrange);
create table s (id int primary key, during tsrange, on_ boolean, constraint kept exclude using gist (during with &&) with (fillfactor=80) where (on_));
--data
insert into r values (1, '[2020-01-01,2020-01-02)');
--new
create table r (id int primary key, during tsrange,
  constraint apart exclude using gist (during with &&) include (id) with (fillfactor=70) where (id > 0) deferrable initially deferred);
create table s (id int primary key, during tsrange, on_ boolean, constraint kept exclude using gist (during with &&) with (fillfactor=80) where (on_));
create table q (during tsrange, constraint q_apart exclude using gist (during with &&) with (fillfactor=70));
--safe
add_constraint r.apart
create_table q

--- a column goes that the primary key is made of
--old
create table t (id int, x int, primary key (id, x));
--data
insert into t values (1, 1);
--new
create table t (id int primary key);
--unsafe
drop_column t.x
change_primary_key t.t_pkey

--- comments on constraints that come, change or have another name
--old
create table t (id int, n int, constraint t_pkey primary key (id), constraint changes check (n > 0));
--extra
alter table t add constraint another check (id > 0);
--new
create table t (id int, n int, constraint t_pkey primary key (id), constraint changes check (n > 1), check (id > 0),
  constraint comes check (n < 100), constraint single unique (n));
comment on constraint comes on t is 'comes';
comment on constraint changes on t is 'changes';
comment on constraint t_id_check on t is 'by another name';
comment on constraint single on t is 'single';
comment on index single is 'its index';
comment on index t_pkey is 'of the key';
create table u (id int primary key);
comment on index u_pkey is 'of a new one';
--safe
add_constraint t.comes
validate_constraint t.comes
add_constraint t.single
create_table u
set_comment t.another
set_comment t.comes
set_comment t.single
set_comment t.t_pkey
set_comment u.u_pkey
--unsafe
change_constraint t.changes
unsupported t.changes

--- a foreign key gets a spelled-out name while its key moves
--old
create table a (id int constraint a_pk primary key, k int not null);
create table b (a_id int constraint b_a references a (id));
--data
insert into a values (1, 1);
insert into b values (1);
--new
create table a (id int, k int not null, constraint a_key unique (id));
create table b (a_id int constraint b_to_a references a (id));
--safe
add_constraint a.a_key
--unsafe
change_constraint b.b_to_a
change_primary_key a.a_pk
drop_not_null a.id

--- a foreign key gets a spelled-out name while its key is replaced by two
--old
create table a (id int, k int not null, constraint a_pk primary key (id));
create table b (a_id int, constraint b_a foreign key (a_id) references a (id));
--data
insert into a values (1, 1);
insert into b values (1);
--new
create table a (id int, k int not null, constraint a_pk primary key (id, k), constraint a_u unique (id));
create table b (a_id int, constraint b_to_a foreign key (a_id) references a (id));
comment on constraint b_to_a on b is 'renamed';
--safe
add_constraint a.a_u
--unsafe
change_constraint b.b_to_a
change_primary_key a.a_pk
unsupported b.b_to_a

--- foreign keys that change, one under another name, on a key that the next apply adds
--old
create table a (id int, constraint a_pk primary key (id));
create table b (a_id int, constraint b_a foreign key (a_id) references a (id));
create table c (a_id int, constraint c_a foreign key (a_id) references a (id));
--data
insert into a values (1);
insert into b values (1);
insert into c values (1);
--new
create table a (id bigint not null, constraint a_u unique (id));
create table b (a_id bigint, constraint b_to_a foreign key (a_id) references a (id));
create table c (a_id bigint, constraint c_a foreign key (a_id) references a (id) on delete cascade);
--unsafe
change_constraint a.a_u
change_constraint b.b_to_a
change_constraint c.c_a
change_primary_key a.a_pk
change_type a.id
change_type b.a_id
change_type c.a_id

--- a foreign key gets a spelled-out name while both its sides get another type
--old
create table a (id int primary key);
create table b (a_id int constraint b_a references a (id));
--data
insert into a values (1);
insert into b values (1);
--new
create table a (id text primary key);
create table b (a_id text constraint b_to_a references a (id));
--unsafe
change_constraint b.b_to_a
change_type a.id
change_type b.a_id

--- a unique constraint under a foreign key becomes a unique index of the same name
--old
create table a (u int not null, constraint a_u unique (u));
create table b (x int constraint f references a (u));
--data
insert into a values (1);
insert into b values (1);
--new
create table a (u int not null);
create unique index a_u on a (u);
create table b (x int constraint f references a (u));
--unsafe
change_index a.a_u
drop_constraint a.a_u
