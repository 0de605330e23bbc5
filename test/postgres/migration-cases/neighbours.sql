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
change_constraint log_1.log_1_day_id_key
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
change_constraint cat.animal_id
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
