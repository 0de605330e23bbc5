--- an index's name moves to a new table while its own goes
--old
create table jar (id int primary key, label text);
create index by_label on jar (label);
--new
create table tin (id int primary key, label text, weight int);
create index by_label on tin (label);
--safe
create_table tin
--unsafe
change_index tin.by_label
drop_table jar

--- an index's name moves to another table that stays
--old
create table jar (id int primary key, label text);
create index by_label on jar (label);
create table tin (id int primary key, label text);
--new
create table jar (id int primary key, label text);
create table tin (id int primary key, label text);
create index by_label on tin (label);
--unsafe
change_index tin.by_label
drop_index jar.by_label

--- a key's name moves to another table
--old
create table jar (id int, constraint label_key unique (id));
create table tin (id int);
--new
create table jar (id int);
create table tin (id int, constraint label_key unique (id));
--unsafe
change_constraint tin.label_key
drop_constraint jar.label_key

--- a new table's key has the name of one that goes with its table
--old
create table jar (id int constraint main_key primary key, label text);
--new
create table tin (code text constraint main_key primary key);
--unsafe
drop_table jar
unsupported tin

--- an index's name that somebody else's table holds
--old
create table jar (id int primary key, label text);
--extra
create table foreign_jar (label text);
create index by_label on foreign_jar (label);
--new
create table jar (id int primary key, label text);
create index by_label on jar (label);
--unsafe
change_index jar.by_label
--person

--- domains and composite types made of ones that sort behind them
--new
create domain zone as text check (value <> '');
create domain area as zone check (length(value) < 9);
create type zpair as (a area, b zone[]);
create type box as (p zpair, n int);
create table shelf (id int primary key, place box, where_ area);
--safe
create_enum area
create_enum box
create_enum zone
create_enum zpair
create_table shelf

--- a predicate on a column that stops being an enum
--old
create type phase as enum ('new', 'done');
create table job (id int primary key, state phase not null default 'new');
create index open_jobs on job (id) where state = 'new';
create index jobs_by_state on job (state);
--data
insert into job values (1, 'new'), (2, 'done');
--new
create table job (id int primary key, state text not null default 'new');
create index open_jobs on job (id) where state = 'new';
create index jobs_by_state on job (state);
--unsafe
change_enum phase
change_index job.open_jobs
change_type job.state

--- an index with a predicate goes while its column becomes an enum
--old
create type phase as enum ('new', 'done');
create table job (id int primary key, state text not null default 'new');
create index open_jobs on job (id) where state = 'new';
--data
insert into job values (1, 'new'), (2, 'done');
--new
create type phase as enum ('new', 'done');
create table job (id int primary key, state phase not null default 'new');
--unsafe
change_type job.state
drop_index job.open_jobs

--- a foreign key over columns that change from numbers to text
--old
create table city (id int primary key, code int unique);
create table street (id int primary key, city_code int, constraint street_city foreign key (city_code) references city (code) on delete cascade);
--data
insert into city values (1, 10), (2, 20);
insert into street values (1, 10), (2, 20), (3, 10);
--new
create table city (id int primary key, code text unique);
create table street (id int primary key, city_code text, constraint street_city foreign key (city_code) references city (code) on delete cascade);
--unsafe
change_type city.code
change_type street.city_code

--- a table that refers to itself changes its key to text
--old
create table node (id int primary key, up int references node (id));
--data
insert into node values (1, null), (2, 1);
--new
create table node (id text primary key, up text references node (id));
--unsafe
change_type node.id
change_type node.up

--- foreign keys stay where numbers only widen
--old
create table city (id int primary key);
create table street (id int primary key, city_id int references city);
--data
insert into city values (1);
insert into street values (1, 1);
--new
create table city (id bigint primary key);
create table street (id bigint primary key, city_id bigint references city);
--unsafe
change_type city.id
change_type street.city_id
change_type street.id

--- a generated column stays with its values while what it read changes type
--old
create table line (id int primary key, a text, b text generated always as (a || '!') stored);
--data
insert into line values (1, 'x');
--new
create table line (id int primary key, a varchar(40), b text);
--unsafe
change_generated line.b
change_type line.a

--- a generated column goes while what it reads changes type
--old
create table line (id int primary key, a text, b text generated always as (a || '!') stored);
--data
insert into line values (1, 'x');
--new
create table line (id int primary key, a varchar(40));
--unsafe
change_type line.a
drop_column line.b

--- options of one column
--old
create table visit (id int primary key, page text, host text);
alter table visit alter page set (n_distinct = 5);
--new
create table visit (id int primary key, page text, host text, agent text);
alter table visit alter page set (n_distinct_inherited = 3);
alter table visit alter host set (n_distinct = -0.5);
alter table visit alter agent set (n_distinct = 9);
--safe
add_column visit.agent
--unsafe
unsupported visit.host
unsupported visit.page

--- a table made like another with an identity
--old
create table first_one (id int generated always as identity, t text default 'x' check (t <> ''));
create table second_one (like first_one including all, more int);
--new
create table first_one (id int generated always as identity, t text default 'x' check (t <> ''));
create table second_one (like first_one including all, more int, most int);
--safe
add_column second_one.most

--- a partition with a key of its own becomes a table
--old
create table log (id int, day date, unique (day, id)) partition by range (day);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
--data
insert into log values (1, '2024-01-05');
--new
create table log (id int, day date, unique (day, id)) partition by range (day);
create table log_1 (id int, day date, unique (day, id));
--unsafe
unsupported log_1

--- a table becomes a partition, with the checks of the parent
--old
create table log (id int, day date, constraint log_id check (id > 0)) partition by range (day);
create table log_1 (id int, day date);
--data
insert into log_1 values (1, '2024-01-05');
--new
create table log (id int, day date, constraint log_id check (id > 0)) partition by range (day);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
--safe
add_constraint log_1.log_id
validate_constraint log_1.log_id
--unsafe
unsupported log_1

--- an index that partitions' keys are parts of goes with one of them
--old
create table log (id int, day date) partition by range (day);
create table log_1 partition of log (constraint log_1_key primary key (day, id)) for values from ('2024-01-01') to ('2024-02-01');
create table log_2 partition of log (constraint log_2_key unique (day, id)) for values from ('2024-02-01') to ('2024-03-01');
create unique index log_all on log (day, id);
--data
insert into log values (1, '2024-01-05'), (2, '2024-02-05');
--new
create table log (id int, day date) partition by range (day);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
create table log_2 partition of log (constraint log_2_key unique (day, id)) for values from ('2024-02-01') to ('2024-03-01');
--unsafe
change_primary_key log_1.log_1_key
drop_index log.log_all
drop_not_null log_1.day
drop_not_null log_1.id

--- a partition's index changes where the parent's new one would take it
--old
create table log (id int, day date) partition by range (day);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
create index log_day on log (day) where id > 3;
create index log_1_day on log_1 (day);
--new
create table log (id int, day date) partition by range (day);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
create index log_day on log (day);
create index log_1_day on log_1 (day desc);
--unsafe
change_index log.log_day
change_index log_1.log_1_day

--- a table joins a parent whose columns and checks it partly has
--old
create table animal (id int, name text, constraint animal_id check (id > 0));
create table cat (id int, lives int, constraint animal_id check (id > 0));
--data
insert into cat values (1, 9);
--new
create table animal (id int, name text, constraint animal_id check (id > 0), constraint animal_name check (name <> ''));
create table cat (lives int) inherits (animal);
--safe
add_column cat.name
add_constraint animal.animal_name
add_constraint cat.animal_name
validate_constraint animal.animal_name
validate_constraint cat.animal_name
--unsafe
unsupported cat

--- a table leaves its parent and keeps what it had
--old
create table animal (id int, name text, constraint animal_id check (id > 0));
create table cat (lives int) inherits (animal);
--data
insert into cat values (1, 'tom', 9);
--new
create table animal (id int, name text, constraint animal_id check (id > 0));
create table cat (id int, name text, lives int, constraint animal_id check (id > 0));
--unsafe
unsupported cat

--- a view over a column that changes its type
--old
create table song (id int primary key, title varchar(20), seconds int);
--extra
create view titles as select title from song;
--new
create table song (id int primary key, title varchar(10), seconds int);
--unsafe
change_type song.title
--person

--- a view over a column and a table that go
--old
create table song (id int primary key, title varchar(20));
create table album (id int primary key);
--extra
create view titles as select title from song;
create materialized view albums as select count(*) as n from album;
--new
create table song (id int primary key);
--unsafe
drop_column song.title
drop_table album
--person

--- a trigger and a policy that read a column which changes
--old
create table song (id int primary key, title varchar(20), owner text);
--extra
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger retitled before update of title on song for each row execute function touch();
create policy mine on song using (owner = current_user);
--new
create table song (id int primary key, title varchar(10));
--unsafe
change_type song.title
drop_column song.owner
--person

--- a foreign key of another namespace refers to a key that goes
--old
create table song (id int primary key, code int unique);
--extra
drop schema if exists elsewhere cascade;
create schema elsewhere;
create table elsewhere.play (code int references song (code));
--new
create table song (id int primary key, code int);
--unsafe
drop_constraint song.song_code_key
--person

--- an enum that a view and a function use loses a value
--old
create type genre as enum ('rock', 'polka');
create table song (id int primary key, kind genre);
--extra
create view kinds as select kind from song;
create function loud(genre) returns bool language sql as 'select true';
--new
create type genre as enum ('rock');
create table song (id int primary key, kind genre);
--unsafe
drop_enum_value genre.polka
--person

--- an attribute's type inside a type inside a column
--old
create type inner_one as (x int);
create type outer_one as (i inner_one, n int);
create table held (id int primary key, o outer_one);
--new
create type inner_one as (x bigint);
create type outer_one as (i inner_one, n int);
create table held (id int primary key, o outer_one);
--unsafe
change_type inner_one
--person

--- a partition's own not null goes
--old
create table log (id int, day date) partition by range (day);
create table log_1 partition of log (id not null) for values from ('2024-01-01') to ('2024-02-01');
--data
insert into log values (1, '2024-01-05');
--new
create table log (id int, day date) partition by range (day);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
--unsafe
drop_not_null log_1.id

--- a view has the name of a new table
--extra
create view jar as select 1 as id;
--new
create table jar (id int primary key, label text);
create index by_label on jar (label);
create table lid (id int primary key, jar_id int references jar (id));
create table other (id int);
comment on table jar is 'held back with it';
--safe
create_table lid
create_table other
--unsafe
change_constraint lid.lid_jar_id_fkey
change_index jar.by_label
unsupported jar
--person

--- a materialized view has the name of a new index
--old
create table jar (id int primary key, label text);
--extra
create materialized view by_label as select 1 as id;
--new
create table jar (id int primary key, label text);
create index by_label on jar (label);
--unsafe
unsupported jar.by_label
--person

--- a view has the name of a new key
--old
create table jar (id int primary key, label text);
--extra
create view one_label as select 1 as id;
--new
create table jar (id int primary key, label text, constraint one_label unique (label));
create table lid (id int primary key, label text references jar (label));
--safe
create_table lid
--unsafe
change_constraint lid.lid_label_fkey
unsupported jar.one_label
--person

--- a view has the name of a new enum type
--extra
create view mood as select 1 as id;
--new
create type mood as enum ('good');
create table jar (id int primary key, m mood);
create table tin (id int primary key);
--safe
create_table tin
--unsafe
unsupported jar
unsupported mood
--person

--- a view has the name of a new sequence
--extra
create view counter as select 1 as id;
--new
create sequence counter;
create table jar (id int primary key default nextval('counter'));
--unsafe
unsupported counter
unsupported jar
--person

--- a view has the name of a serial column's sequence
--extra
create view jar_id_seq as select 1 as id;
--new
create table jar (id serial primary key);
--unsafe
unsupported jar
unsupported jar.jar_id_seq
--person

--- another table's index has the name of a new table
--old
create table jar (id int primary key, label text);
--extra
create index lid on jar (label);
create table elsewhere (id int constraint tin primary key);
--new
create table jar (id int primary key, label text);
create table lid (id int primary key);
create table tin (id int primary key);
--unsafe
drop_index jar.lid
unsupported lid
unsupported tin
--person

--- a range type and a hand-made enum have the names of new types and tables
--extra
create type mood as range (subtype = int4);
create type tin as enum ('x');
create type pair as (a int, b int);
--new
create type mood as enum ('good');
create table tin (id int primary key);
create table pair (id int primary key);
--unsafe
unsupported mood
unsupported pair
unsupported tin
--person

--- an identity's sequence has the name of a new table
--extra
create table elsewhere (id int generated always as identity);
--new
create table elsewhere_id_seq (id int);
--unsafe
unsupported elsewhere_id_seq
--person

--- an array type that the server made gives way to a new type
--old
create table jar (id int primary key);
--new
create table jar (id int primary key);
create type _jar as enum ('x');
create table tin (id int primary key, j _jar);
--safe
create_enum _jar
create_table tin

--- a view has the name that a table shall get
--old
create table jar (id int primary key);
--extra
create view tin as select 1 as id;
--new
create table tin ( -- was: jar
  id int primary key
);
--unsafe
rename_table tin.jar
--person

--- an index whose column goes while its name stays on another column
--old
create table jar (id int primary key, label text, code text);
create index by_label on jar (label);
--data
insert into jar values (1, 'a', 'b');
--new
create table jar (id int primary key, code text);
create index by_label on jar (code);
--unsafe
change_index jar.by_label
drop_column jar.label

--- an index of a dropped column's name on another table
--old
create table jar (id int primary key, label text, code text);
create index by_label on jar (label);
create table tin (id int primary key, label text);
--data
insert into jar values (1, 'a', 'b');
--new
create table jar (id int primary key, code text);
create table tin (id int primary key, label text);
create index by_label on tin (label);
--unsafe
change_index tin.by_label
drop_column jar.label

--- a key whose column goes
--old
create table jar (id int, code text constraint main unique, label text);
create table tin (id int primary key, label text);
--data
insert into jar values (1, 'a', 'b');
--new
create table jar (id int, label text);
create table tin (id int primary key, label text, constraint main unique (label));
--unsafe
change_constraint tin.main
drop_column jar.code

--- a reference to itself becomes one of two columns
--old
create table org (id int primary key, parent int references org (id));
--data
insert into org values (1, null), (2, 1);
--new
create table org (id int primary key, parent int, tenant int not null default 1, unique (tenant, id), foreign key (tenant, parent) references org (tenant, id) on update cascade);
--safe
add_column org.tenant
add_constraint org.org_tenant_id_key
add_constraint org.org_tenant_parent_fkey
validate_constraint org.org_tenant_parent_fkey
--unsafe
drop_constraint org.org_parent_fkey

--- partitions of partitions with keys, indexes and an identity
--new
create table m (id bigint generated by default as identity, org int not null, at timestamptz not null default now(), primary key (id, org, at)) partition by list (org);
create table m_1 partition of m for values in (1) partition by range (at);
create table m_1_2020 partition of m_1 for values from ('2020-01-01') to ('2021-01-01');
create table m_def partition of m default;
create index m_at on m (at desc);
create index m_1_only on m_1 (org);
--safe
add_index m.m_at
add_index m_1.m_1_only
create_table m
create_table m_1
create_table m_1_2020
create_table m_def

--- foreign keys to and from a partitioned table come at once
--old
create table a (id int primary key);
create table p (id int not null, a_id int, primary key (id)) partition by hash (id);
create table p0 partition of p for values with (modulus 2, remainder 0);
create table p1 partition of p for values with (modulus 2, remainder 1);
--data
insert into a values (1);
insert into p values (1, 1), (2, null);
--new
create table a (id int primary key, p_id int references p (id) deferrable initially deferred);
create table p (id int not null, a_id int references a on delete cascade, extra text, primary key (id)) partition by hash (id);
create table p0 partition of p for values with (modulus 2, remainder 0);
create table p1 partition of p for values with (modulus 2, remainder 1);
--safe
add_column a.p_id
add_column p.extra
add_constraint a.a_p_id_fkey
add_constraint p.p_a_id_fkey
validate_constraint a.a_p_id_fkey
--safe-since-18
add_column a.p_id
add_column p.extra
add_constraint a.a_p_id_fkey
add_constraint p.p_a_id_fkey
validate_constraint a.a_p_id_fkey
validate_constraint p.p_a_id_fkey

--- a chain of inheritance gets checks, defaults, not null and a link
--old
create table base (id int, at timestamptz);
create table mid (extra text) inherits (base);
--data
insert into mid values (1, now(), 'x');
--new
create table base (id int not null default 0, at timestamptz default now(), check (id >= 0));
create table mid (extra text, at timestamptz default '2020-01-01 00:00:00+00') inherits (base);
create table leaf (more int) inherits (mid);
--safe
add_constraint base.base_id_check
create_table leaf
validate_constraint base.base_id_check
--unsafe
change_default base.at
change_default base.id
change_default mid.at
change_default mid.id
set_not_null base.id

--- the primary key moves to another key and foreign keys stand on both
--old
create table a (id int primary key, code text not null unique);
create table b (id int primary key, a_id int references a (id), a_code text references a (code) match full);
--data
insert into a values (1, 'x');
insert into b values (1, 1, 'x');
--new
create table a (id int not null unique, code text primary key);
create table b (id int primary key, a_id int references a (id) on delete restrict, a_code text references a (code));
--safe
add_constraint a.a_id_key
--unsafe
change_constraint b.b_a_code_fkey
change_constraint b.b_a_id_fkey
change_primary_key a.a_pkey
drop_constraint a.a_code_key

--- everything goes from a table but its key
--old
create type x as enum ('a');
create domain dd as int check (value > 0);
create sequence sq;
create table other (id int primary key);
create table t (id int primary key, a x default 'a', b dd, c int default nextval('sq'), d int references other, e int generated always as (id * 2) stored, f int generated by default as identity, unique (b, c), check (c > 0));
create index t_e on t (e);
comment on column t.a is 'x';
--data
insert into t (id, b) values (1, 1);
--new
create table t (id int primary key);
--unsafe
change_enum x
drop_column t.a
drop_column t.b
drop_column t.c
drop_column t.d
drop_column t.e
drop_column t.f
drop_sequence sq
drop_table other
unsupported dd

--- constraints that stay not valid and one that becomes deferrable
--old
create table a (id int primary key);
create table b (id int primary key, a_id int);
alter table b add constraint fk foreign key (a_id) references a (id) not valid;
--data
insert into a values (9);
insert into b values (1, 9);
--new
create table a (id int primary key);
create table b (id int primary key, a_id int);
alter table b add constraint fk foreign key (a_id) references a (id) deferrable initially deferred not valid;
alter table b add constraint ck check (a_id > 0) not valid;
--safe
add_constraint b.ck
--unsafe
change_constraint b.fk

--- a table takes an index's name, and that index the name of a sequence
--old
create table t (id int primary key, a text);
create index thing on t (a);
create sequence other;
--new
create table t (id int primary key, a text);
create table thing (id int primary key);
create index other on t (a);
--unsafe
change_index t.other
drop_sequence other
unsupported thing

--- a dropped table's name becomes a type
--old
create table jar (id int primary key);
create table t (id int primary key, s int);
--new
create type jar as enum ('x', 'y');
create table t (id int primary key, s int, j jar);
--unsafe
drop_table jar
unsupported jar
unsupported t.j

--- a serial column's sequence stays while its table goes
--old
create table jar (id serial primary key);
--new
create sequence jar_id_seq;
create table tin (id bigint primary key default nextval('jar_id_seq'), x text);
--safe
create_table tin
--unsafe
drop_table jar
unsupported jar_id_seq

--- a check's name moves to another table
--old
create table a (id int primary key, n int constraint positive check (n > 0));
create table b (id int primary key, n int);
--data
insert into a values (1, 1);
insert into b values (1, 1);
--new
create table a (id int primary key, n int);
create table b (id int primary key, n int constraint positive check (n > 0));
--safe
add_constraint b.positive
validate_constraint b.positive
--unsafe
drop_constraint a.positive

--- a composite key under a foreign key gets another column
--old
create table a (id int not null, v int not null, primary key (id));
create table b (id int primary key, a_id int not null references a (id) on delete cascade);
--data
insert into a values (1, 1);
insert into b values (1, 1);
--new
create table a (id int not null, v int not null, primary key (id, v));
create table b (id int primary key, a_id int not null, a_v int not null default 1, foreign key (a_id, a_v) references a (id, v) on delete cascade);
--safe
add_column b.a_v
--unsafe
change_constraint b.b_a_id_a_v_fkey
change_primary_key a.a_pkey
drop_constraint b.b_a_id_fkey

--- generated columns with indexes come
--old
create table a (id int primary key, w int, h int);
--data
insert into a values (1, 2, 3);
--new
create table a (id int primary key, w int, h int, area int generated always as (w * h) stored, label text generated always as ('x' || w::text) stored);
create index a_area on a (area) include (label);
create unique index a_label on a (label, id);
--safe
add_column a.area
add_column a.label
add_index a.a_area
add_index a.a_label

--- a partitioned table and its partition are renamed
--old
create type k as enum ('a');
create table old_t (id int generated always as identity, kind k, primary key (id)) partition by hash (id);
create table old_t_0 partition of old_t for values with (modulus 1, remainder 0);
create table r (id int primary key, t int references old_t (id));
--data
insert into old_t (kind) values ('a');
insert into r values (1, 1);
--new
create type k as enum ('a', 'b');
create table new_t ( -- was: old_t
  id int generated always as identity, kind k, primary key (id)) partition by hash (id);
create table new_t_0 -- was: old_t_0
  partition of new_t for values with (modulus 1, remainder 0);
create table r (id int primary key, t int references new_t (id));
--safe
add_enum_value k.b
--unsafe
rename_table new_t.old_t
rename_table new_t_0.old_t_0

--- a column of a partitioned table is renamed with its check and index
--old
create table p (id int not null, val int check (val > 0), primary key (id)) partition by range (id);
create table p_1 partition of p for values from (0) to (100);
create index p_val on p (val);
--data
insert into p values (1, 1);
--new
create table p (id int not null, amount int check (amount > 0), -- was: val
  primary key (id)) partition by range (id);
create table p_1 partition of p for values from (0) to (100);
create index p_val on p (amount);
--unsafe
rename_column p.val

--- a partition comes beside the default one
--old
create table p (id int not null, k text not null) partition by list (k);
create table p_def partition of p default;
--data
insert into p values (1, 'x');
--new
create table p (id int not null, k text not null) partition by list (k);
create table p_def partition of p default;
create table p_y partition of p for values in ('y');
--safe
create_table p_y

--- comments of every kind change at once
--old
create type e as enum ('a');
create domain d as int;
create sequence s;
create table t (id int primary key, a e, b d, constraint c check (id > 0));
create index i on t (a);
comment on type e is 'one';
comment on domain d is 'one';
comment on sequence s is 'one';
comment on constraint c on t is 'one';
comment on constraint t_pkey on t is 'one';
--new
create type e as enum ('a');
create domain d as int;
create sequence s;
create table t (id int primary key, a e, b d, constraint c check (id > 0));
create index i on t (a);
comment on type e is 'two';
comment on domain d is null;
comment on sequence s is E'li\ne';
comment on constraint c on t is '';
comment on index i is 'i';
comment on constraint t_pkey on t is 'pk';
--safe
set_comment d
set_comment e
set_comment s
set_comment t.c
set_comment t.i
set_comment t.t_pkey

--- an enum that an array's default names loses a value
--old
create type mood as enum ('sad', 'ok', 'happy');
create table p (id int, moods mood[] not null default '{sad,ok}', one mood default 'ok');
--data
insert into p values (1, '{ok}', 'happy');
--new
create type mood as enum ('ok', 'happy');
create table p (id int, moods mood[] not null default '{ok}', one mood default 'ok');
--unsafe
change_default p.moods
drop_enum_value mood.sad
--person

--- an enum that is a partition key loses a value
--old
create type mood as enum ('sad', 'ok', 'happy');
create table p (id int, m mood not null) partition by list (m);
create table p_1 partition of p for values in ('sad');
create table p_2 partition of p for values in ('ok', 'happy');
--new
create type mood as enum ('ok', 'happy');
create table p (id int, m mood not null) partition by list (m);
create table p_2 partition of p for values in ('ok', 'happy');
--unsafe
drop_enum_value mood.sad
drop_table p_1
--person

--- a table whose row type is a column's type changes a column
--old
create table a (id int, t text);
create table b (id int, one a, many a[]);
--data
insert into b values (1, row(1, 'x'), array[row(2, 'y')::a]);
--new
create table a (id bigint, t text, u int, v int default 5);
create table b (id int, one a, many a[]);
--safe
add_column a.u
--unsafe
change_type a.id
unsupported a.v
--person

--- a table goes whose row type is a column's type
--old
create table a (id int);
create table b (id int, one a);
--new
create table b (id int);
--unsafe
drop_column b.one
drop_table a

--- unlogged tables that refer to each other become logged
--old
create unlogged table a (id int primary key, b int);
create unlogged table b (id int primary key, a int references a (id));
create unlogged table c (id int primary key, b int references b (id));
--data
insert into a values (1); insert into b values (1, 1); insert into c values (1, 1);
--new
create table a (id int primary key, b int);
create table b (id int primary key, a int references a (id));
create table c (id int primary key, b int references b (id));
--unsafe
unsupported a
unsupported b
unsupported c

--- logged tables that refer to each other become unlogged
--old
create table a (id int primary key, b int);
create table b (id int primary key, a int references a (id));
create table c (id int primary key, b int references b (id));
--data
insert into a values (1); insert into b values (1, 1); insert into c values (1, 1);
--new
create unlogged table a (id int primary key, b int);
create unlogged table b (id int primary key, a int references a (id));
create unlogged table c (id int primary key, b int references b (id));
--unsafe
unsupported a
unsupported b
unsupported c

--- a whole-row check in a table that is renamed
--old
create table t (a int, b int, constraint whole check (t.* is not null), constraint one check ((t).a > 0));
--data
insert into t values (1, 2);
--new
create table s ( -- was: t
  a int, b int, c int, constraint whole check (s.* is not null), constraint one check ((s).a > 0));
--unsafe
rename_table s.t
unsupported s.c

--- replica identity by an index that changes
--old
create table r (id int not null, b int not null);
create unique index r_i on r (id); alter table r replica identity using index r_i;
--new
create table r (id int not null, b int not null);
create unique index r_i on r (b); alter table r replica identity using index r_i;
--unsafe
change_index r.r_i

--- replica identity by an index that goes
--old
create table r (id int not null, b int not null);
create unique index r_i on r (id); alter table r replica identity using index r_i;
--new
create table r (id int not null primary key, b int not null);
alter table r replica identity full;
--safe
add_constraint r.r_pkey
--unsafe
drop_index r.r_i
unsupported r

--- statistics, storage and column options change together
--old
create table s (a text, b int, c text); alter table s alter c set storage external;
--new
create table s (a text, b int, c text);
alter table s alter a set statistics 500, alter a set storage main, alter b set (n_distinct = 5, n_distinct_inherited = -0.5), alter c set statistics 0;
--unsafe
unsupported s.a
unsupported s.b
unsupported s.c

--- a generated column reads an enum that loses a value
--old
create type st as enum ('a', 'b', 'c');
create table g (s st not null default 'a', done boolean generated always as (s = 'b') stored, unique (s, done));
--data
insert into g values ('b');
--new
create type st as enum ('a', 'b');
create table g (s st not null default 'a', done boolean generated always as (s = 'b') stored, unique (s, done));
--unsafe
drop_enum_value st.c
--person

--- a domain over a domain over an array changes its check
--old
create domain ints as int[] check (array_length(value, 1) < 5);
create domain few as ints check (array_length(value, 1) < 3);
create table d (f few default '{1}', fs few);
--data
insert into d values ('{1,2}');
--new
create domain ints as int[] check (array_length(value, 1) < 6);
create domain few as ints check (array_length(value, 1) < 4) default '{2}';
create table d (f few default '{1}', fs few);
--unsafe
change_constraint few_check
change_constraint ints_check
change_default few

--- a renamed table's key and check change
--old
create table t (a int not null, b int not null, constraint k primary key (a), constraint c check (b > 0));
--data
insert into t values (1, 2);
--new
create table s ( -- was: t
  a int not null, b int not null, constraint k primary key (a, b), constraint c check (b > 1));
--unsafe
change_constraint s.c
change_primary_key s.k
rename_table s.t
