--- a table with nothing but a key
--new
create table t (id int primary key);
--safe
create_table t

--- a table without columns
--new
create table t ();
--safe
create_table t

--- two tables and a foreign key in reading order
--new
create table a (id int primary key);
create table b (id int primary key, a_id int references a);
--safe
create_table a
create_table b
add_constraint b.b_a_id_fkey

--- a foreign key to a table that comes later
--new
create table b (id int primary key, a_id int references a (id));
create table a (id int primary key);
--safe
create_table a
create_table b
add_constraint b.b_a_id_fkey

--- foreign keys in a circle
--new
create table a (id int primary key, b_id int references b (id));
create table b (id int primary key, a_id int, constraint b_a foreign key (a_id) references a (id) on delete set null deferrable initially deferred);
--safe
create_table a
create_table b
add_constraint a.a_b_id_fkey
add_constraint b.b_a

--- a table that refers to itself
--new
create table node (id int primary key, parent int references node on delete cascade on update restrict);
--safe
create_table node
add_constraint node.node_parent_fkey

--- a foreign key of several columns that matches fully
--new
create table a (x int, y int, primary key (x, y));
create table b (x int, y int, foreign key (x, y) references a match full);
--safe
create_table a
create_table b
add_constraint b.b_x_y_fkey

--- foreign keys as the only elements behind the columns
--new
create table a (id int primary key);
create table b (p int, q int, foreign key (p) references a (id), foreign key (q) references a (id), check (p <> q));
--safe
create_table a
create_table b
add_constraint b.b_p_fkey
add_constraint b.b_q_fkey

--- a column with everything around its foreign key
--new
create table a (id int primary key);
create table b (p int constraint why references a (id) on delete set default deferrable not null default 1 check (p > 0) unique);
--safe
create_table a
create_table b
add_constraint b.why

--- a new table beside an old one with rows
--old
create table a (id int primary key);
--data
insert into a values (1), (2);
--new
create table a (id int primary key);
create table b (id int primary key);
--safe
create_table b

--- a new table that refers to an old one with rows
--old
create table a (id int primary key);
--data
insert into a values (1), (2);
--new
create table a (id int primary key);
create table b (id int primary key, a_id int not null references a);
create index on b (a_id);
--safe
create_table b
add_constraint b.b_a_id_fkey
add_index b.b_a_id_idx

--- a table that the files no longer hold
--old
create table a (id int primary key);
create table b (id int primary key);
--data
insert into b values (1);
--new
create table a (id int primary key);
--unsafe
drop_table b

--- a table that was never ours is left alone
--old
create table a (id int primary key);
--extra
create table stranger (id int primary key);
insert into stranger values (1);
--new
create table a (id int primary key);

--- an unlogged table with storage parameters
--new
create unlogged table t (id int primary key, b text) with (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
--safe
create_table t

--- unlogged becomes logged
--old
create unlogged table t (id int primary key);
--new
create table t (id int primary key);
--unsafe
unsupported t

--- storage parameters change
--old
create table t (id int primary key) with (fillfactor = 70);
--new
create table t (id int primary key) with (fillfactor = 80, autovacuum_enabled = false);
--unsafe
unsupported t

--- storage parameters go
--old
create table t (id int primary key) with (fillfactor = 70);
--new
create table t (id int primary key);
--unsafe
unsupported t

--- row security on a new table
--new
create table t (id int primary key);
alter table t enable row level security;
alter table t force row level security;
--safe
create_table t

--- row security on a table that is there
--old
create table t (id int primary key);
--new
create table t (id int primary key);
alter table t enable row level security;
--unsafe
unsupported t

--- replica identity
--old
create table t (id int primary key);
--new
create table t (id int primary key);
alter table t replica identity full;
--unsafe
unsupported t

--- inheritance
--new
create table base (id int primary key, name text not null);
create table child (extra int) inherits (base);
--safe
create_table base
create_table child

--- a column of the parent reaches the child
--old
create table base (id int primary key, name text not null);
create table child (extra int) inherits (base);
--data
insert into child values (1, 'a', 2);
--new
create table base (id int primary key, name text not null, note text);
create table child (extra int) inherits (base);
--safe
add_column base.note

--- a child of its own becomes a child by inheritance
--old
create table base (id int, name text);
create table child (id int, name text, extra int);
--new
create table base (id int, name text);
create table child (extra int) inherits (base);
--unsafe
unsupported child

--- a table like another
--new
create table a (id int primary key, name text not null default 'x' check (name <> ''));
create index a_name on a (name);
create table b (like a including all, more int);
--safe
add_index a.a_name
add_index b.b_name_idx
create_table a
create_table b

--- IF NOT EXISTS means nothing here
--new
create table if not exists t (id int primary key);
create index if not exists t_i on t (id);
--safe
create_table t
add_index t.t_i

--- statements in the order of a dump
--new
create table public.t (id bigint not null, name text);
create sequence public.t_id_seq start with 1 increment by 1 no minvalue no maxvalue cache 1;
alter sequence public.t_id_seq owned by public.t.id;
alter table only public.t alter column id set default nextval('public.t_id_seq'::regclass);
alter table only public.t add constraint t_pkey primary key (id);
create index t_name_idx on public.t using btree (name);
comment on column public.t.name is 'what it is called';
--safe
create_sequence t.t_id_seq
create_table t
add_index t.t_name_idx
set_comment t.name

--- identity in the order of a dump
--new
create table public.t (id bigint not null, name text);
alter table public.t alter column id add generated always as identity (sequence name public.t_id_seq start with 1 increment by 1 no minvalue no maxvalue cache 1);
alter table only public.t add constraint t_pkey primary key (id);
--safe
create_table t

--- table renamed with a hint
--old
create table a (id serial primary key, name text unique);
create table r (a_id int references a);
create index on a (lower(name));
--data
insert into a (name) values ('x');
--new
create table b ( -- was: a
  id serial primary key, name text unique);
create table r (a_id int references b);
create index on b (lower(name));
--unsafe
rename_table b.a

--- table renamed with a hint behind it
--old
create table a (id int primary key);
--data
insert into a values (1);
--new
create table b (id int primary key); -- was: a
--unsafe
rename_table b.a

--- a table that goes and one that comes with the same columns
--old
create table a (id int primary key, name text);
--data
insert into a values (1, 'x');
--new
create table b (id int primary key, name text);
--unsafe
rename_table b.a

--- a renamed table with a new column
--old
create table a (id int primary key);
--data
insert into a values (1);
--new
create table b ( -- was: a
  id int primary key, more int);
--safe
--unsafe
rename_table b.a
unsupported b.more

--- a table that goes and another that comes
--old
create table a (id int primary key, name text);
--data
insert into a values (1, 'x');
--new
create table c (id bigint primary key, other date);
--safe
create_table c
--unsafe
drop_table a

--- odd identifiers
--new
create table "Order" ("user" int primary key, "Weird ""quoted"" name" text, "ünïcode" int, "select" int, "a.b" int check ("a.b" > 0));
create index "Index With Space" on "Order" ("Weird ""quoted"" name", lower("Weird ""quoted"" name"));
alter table "Order" add constraint "a constraint" unique ("select", "ünïcode");
comment on column "Order"."a.b" is 'it''s';
--safe
add_index Order.Index With Space
create_table Order
set_comment Order.a.b

--- odd identifiers are the same the second time
--old
create table "Order" ("user" int primary key, "Two Words" text);
create type "Mood Kind" as enum ('a ''quoted'' one', 'B');
--data
insert into "Order" values (1, 'x');
--new
create table "Order" ("user" int primary key, "Two Words" text, "Third Col" "Mood Kind" default 'B');
create type "Mood Kind" as enum ('a ''quoted'' one', 'B');
create index on "Order" ("Two Words");
--safe
add_column Order.Third Col
add_index Order.Order_Two Words_idx

--- names of more than 63 bytes
--new
create table a_table_with_a_name_that_is_much_longer_than_postgresql_would_ever_keep (a_column_with_a_name_that_is_much_longer_than_postgresql_would_ever_keep int unique);
create index on a_table_with_a_name_that_is_much_longer_than_postgresql_would_ever_keep (a_column_with_a_name_that_is_much_longer_than_postgresql_would_ever_keep);
--safe
create_table a_table_with_a_name_that_is_much_longer_than_postgresql_would_e
add_index a_table_with_a_name_that_is_much_longer_than_postgresql_would_e.a_table_with_a_name_that_is_m_a_column_with_a_name_that_is__idx

--- a namespace of its own
--namespace shop
--old
create table a (id serial primary key, email text unique);
create type kind as enum ('x');
--data
insert into shop.a (email) values ('e');
--new
create table a (id serial primary key, email text unique, k kind default 'x');
create type kind as enum ('x', 'y');
create table b (id int primary key, a_id int references shop.a, k shop.kind not null default 'x'::shop.kind);
create index on a (k);
--safe
add_column a.k
add_constraint b.b_a_id_fkey
add_enum_value kind.y
add_index a.a_k_idx
create_table b

--- a namespace that has to be quoted
--namespace My Shop
--old
create table a (id serial primary key);
--data
insert into "My Shop".a default values;
--new
create table a (id serial primary key, n int default 3);
create table b (a_id int references a);
--safe
add_column a.n
add_constraint b.b_a_id_fkey
create_table b

--- replica identity by an index and by a key
--new
create table t (id int not null, v int);
create unique index i on t (id);
alter table t replica identity using index i;
create table u (id int not null, constraint k unique (id));
alter table u replica identity using index k;
--safe
create_table t
create_table u
add_index t.i

--- replica identity by an index stays
--old
create table t (id int not null, v int);
create unique index i on t (id);
alter table t replica identity using index i;
--new
create table t (id int not null, v int);
create unique index i on t (id);
alter table t replica identity using index i;
create index j on t (v);
--safe
add_index t.j

--- a sequence that stands behind the default which uses it
--new
create table jar (id int primary key default nextval('counter'), b int default nextval('public."Odd seq"'), c bigint default nextval('third'::regclass));
create sequence counter;
create sequence "Odd seq";
create sequence third;
--safe
create_sequence Odd seq
create_sequence counter
create_sequence third
create_table jar

--- a table made like another takes over the comments in front of it
--new
create table jar (id int primary key, label text check (label <> ''));
create index jar_label on jar (label);
comment on column jar.label is 'the label';
comment on index jar_label is 'the index';
comment on constraint jar_label_check on jar is 'the check';
create table tin (like jar including all, extra int);
comment on column tin.label is 'its own';
comment on column jar.id is 'behind it';
--safe
add_index jar.jar_label
add_index tin.tin_label_idx
create_table jar
create_table tin
set_comment jar.id
set_comment jar.jar_label
set_comment jar.jar_label_check
set_comment jar.label
set_comment tin.jar_label_check
set_comment tin.label
set_comment tin.tin_label_idx

--- tables swap their names
--old
create table a (id serial primary key, x text);
create table b (id serial primary key, y int);
--data
insert into a values (1, 'x');
insert into b values (1, 2);
--new
create table b ( -- was: a
 id serial primary key, x text);
create table a ( -- was: b
 id serial primary key, y int);
--unsafe
rename_table a.b
rename_table b.a

--- a table is renamed and a new one takes its name
--old
create table a (id serial primary key, x text);
--data
insert into a values (1, 'x');
--new
create table b ( -- was: a
 id serial primary key, x text);
create table a (id serial primary key, y int);
--unsafe
change_primary_key b.b_pkey
rename_table b.a
unsupported a
unsupported a.a_id_seq

--- hints of a swap on an empty database
--new
create table jar (id int primary key, b text, -- was: a
 a text -- was: b
);
create table tin ( -- was: lid
 id int);
create table lid ( -- was: tin
 id int);
--safe
create_table jar
create_table lid
create_table tin

--- tables that are alike swap their names
--old
create table one (a int, b int);
create table two (a int, b int);
--new
create table one ( -- was: two
  a int, b int);
create table two ( -- was: one
  a int, b int);
--unsafe
rename_table one.two
--person

--- tables that are alike come with hints in a circle
--new
create table one ( -- was: two
  a int, b int);
create table two ( -- was: one
  a int, b int);
--safe
create_table one
create_table two

--- a column moves from a parent to one of its children, with its values
--old
create table a (id int, w int);
create table b () inherits (a);
create table c () inherits (a);
create table d () inherits (b);
--data
insert into b values (1, 2);
insert into d values (2, 3);
--new
create table a (id int);
create table b (w int check (w > 1)) inherits (a);
create table c () inherits (a);
create table d () inherits (b);
--safe
add_constraint b.b_w_check
validate_constraint b.b_w_check
--unsafe
drop_column a.w
