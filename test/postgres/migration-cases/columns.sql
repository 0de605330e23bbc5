--- a new column nullable
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text);
--safe
add_column t.c

--- a new column with a constant default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int default 5);
--safe
add_column t.c

--- a new column not null with a default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int not null default 5);
--safe
add_column t.c

--- a new column with now() as its default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c timestamptz not null default now());
--safe
add_column t.c

--- a new column with current_user as its default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text not null default current_user);
--safe
add_column t.c

--- a new column with an array default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int[] not null default '{1,2}');
--safe
add_column t.c

--- a new column with a jsonb default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c jsonb not null default '{"a": 1}');
--safe
add_column t.c

--- a new column with a volatile default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c uuid not null default gen_random_uuid());
--safe
add_column t.c

--- a new column with clock_timestamp
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c timestamptz default clock_timestamp());
--safe
add_column t.c

--- a new column of type varchar with a length
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c varchar(20));
--safe
add_column t.c

--- a new column of type numeric with a scale
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c numeric(12,4) default 1.5);
--safe
add_column t.c

--- a new column of type char
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c char(3) default 'abc');
--safe
add_column t.c

--- a new column of type timestamp with a precision
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c timestamp(3) with time zone default '2026-01-01');
--safe
add_column t.c

--- a new column of type interval with fields
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c interval day to second default '1 day');
--safe
add_column t.c

--- a new column of type bit
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c bit varying(8) default B'1010');
--safe
add_column t.c

--- a new column of type double precision
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c double precision default 0.1);
--safe
add_column t.c

--- a new column of type bytea
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c bytea default '\xdead');
--safe
add_column t.c

--- a new column with a collation
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text collate "C");
--safe
add_column t.c

--- a new column of type two-dimensional array
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text[][]);
--safe
add_column t.c

--- a new column of a range type
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int4range default '[1,10)');
--safe
add_column t.c

--- a new column of type uuid with a literal default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c uuid default '00000000-0000-0000-0000-000000000000');
--safe
add_column t.c

--- a new column with a cast in its default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c date default ('2026-01-01'::text)::date);
--safe
add_column t.c

--- a new column with a negative default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int default -1);
--safe
add_column t.c

--- a new column with a boolean default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c boolean not null default false);
--safe
add_column t.c

--- a new column with a default of null
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int default null);
--safe
add_column t.c

--- a new column with an expression default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int default (1 + 2) * 3);
--safe
add_column t.c

--- a new column with a quote in its default
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text default 'it''s \ fine');
--safe
add_column t.c

--- a new column with an empty string
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text not null default '');
--safe
add_column t.c

--- a new column of type xml, tsvector and inet
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c inet default '10.0.0.1', d tsvector, e xml, f macaddr, g point, h oid, i money, j name);
--safe
add_column t.c
add_column t.d
add_column t.e
add_column t.f
add_column t.g
add_column t.h
add_column t.i
add_column t.j

--- a new column with a check
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int default 1 check (c > 0));
--safe
add_column t.c
add_constraint t.t_c_check
validate_constraint t.t_c_check

--- a new unique column
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int unique);
--safe
add_column t.c
add_constraint t.t_c_key

--- a new column that refers to a table
--old
create table a (id int primary key);
create table t (id int primary key);
--data
insert into t values (1);
--new
create table a (id int primary key);
create table t (id int primary key, c int references a);
--safe
add_column t.c
add_constraint t.t_c_fkey
validate_constraint t.t_c_fkey

--- a new serial column
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c serial);
--safe
add_column t.c
create_sequence t.t_c_seq

--- a new identity column
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int generated always as identity);
--safe
add_column t.c

--- a new identity column by default that starts elsewhere
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c bigint generated by default as identity (start with 100 increment by 10));
--safe
add_column t.c

--- a new generated column
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c int generated always as (id * 2) stored);
--safe
add_column t.c

--- a new column of an enum
--old
create type mood as enum ('sad', 'ok');
create table t (id int primary key);
--data
insert into t values (1);
--new
create type mood as enum ('sad', 'ok');
create table t (id int primary key, c mood not null default 'sad');
--safe
add_column t.c

--- a new column of a new enum
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create type mood as enum ('sad', 'ok');
create table t (id int primary key, c mood not null default 'sad', d mood[] default '{sad,ok}');
--safe
create_enum mood
add_column t.c
add_column t.d

--- a new column of a new domain
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create domain posint as int check (value > 0);
create table t (id int primary key, c posint);
--safe
create_enum posint
add_column t.c

--- a new column of a new composite type
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create type pair as (a int, b text);
create table t (id int primary key, c pair);
--safe
create_enum pair
add_column t.c

--- a not null column without default on an empty table
--old
create table t (id int primary key);
--new
create table t (id int primary key, c text not null);
--safe
add_column t.c

--- a not null column without default on a table with rows
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text not null);
--unsafe
add_not_null_column t.c
--person

--- an index on a column that is held back
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text not null);create index on t (c);
--unsafe
add_not_null_column t.c
change_index t.t_c_idx
--person

--- several columns at once
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, a int, b text default 'x', c date, d jsonb);
--safe
add_column t.a
add_column t.b
add_column t.c
add_column t.d

--- columns in another order
--old
create table t (id int primary key, a int, b text);
--new
create table t (b text, a int, id int primary key);

--- a dropped column
--old
create table t (id int primary key, c int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key);
--unsafe
drop_column t.c

--- a dropped column with its index and its check
--old
create table t (id int primary key, c int check (c > 0) unique, d int, e int);
--data
insert into t values (1, 2, 3, 4);
--new
create table t (id int primary key, d int, e int);
--unsafe
drop_column t.c

--- a dropped serial column
--old
create table t (id int primary key, c serial);
--data
insert into t values (1, 2);
--new
create table t (id int primary key);
--unsafe
drop_column t.c

--- a dropped column that an index of two columns uses
--old
create table t (id int primary key, c int, d int);create index i on t (c, d);
--data
insert into t values (1, 2, 3);
--new
create table t (id int primary key, d int);
--unsafe
drop_column t.c

--- a dropped column that a generated one reads
--old
create table t (id int primary key, c int, g int generated always as (c + 1) stored);
--data
insert into t values (1, 2);
--new
create table t (id int primary key);
--unsafe
drop_column t.c
drop_column t.g

--- a column renamed with a hint
--old
create table t (id int primary key, old_name text);
--data
insert into t values (1, 'x');
--new
create table t (id int primary key, new_name text -- was: old_name
);
--unsafe
rename_column t.old_name

--- a column renamed with a hint behind the comma
--old
create table t (id int primary key, old_name text not null default 'q', z int);
--data
insert into t values (1, 'x', 2);
--new
create table t (id int primary key,
 new_name text not null default 'q', -- was: old_name
 z int);
--unsafe
rename_column t.old_name

--- a column renamed with a hint in a block comment
--old
create table t (id int primary key, old_name text);
--data
insert into t values (1, 'x');
--new
create table t (id int primary key, new_name text /* was: old_name */);
--unsafe
rename_column t.old_name

--- a quoted column renamed
--old
create table t (id int primary key, "Old Name" text);
--data
insert into t values (1, 'x');
--new
create table t (id int primary key, "New Name" text -- was: "Old Name"
);
--unsafe
rename_column t.Old Name

--- a column renamed without a hint
--old
create table t (id int primary key, old_name text);
--data
insert into t values (1, 'x');
--new
create table t (id int primary key, new_name text);
--unsafe
rename_column t.old_name

--- a rename that is none for the types differ
--old
create table t (id int primary key, old_name text);
--data
insert into t values (1, 'x');
--new
create table t (id int primary key, new_name int);
--safe
add_column t.new_name
--unsafe
drop_column t.old_name

--- a renamed column in index, check, key and generated column
--old
create table t (id int primary key, a int check (a > 0) unique, g int generated always as (a * 2) stored);create index i on t (a, (a + 1)) where a > 5;
--data
insert into t values (1, 2);
--new
create table t (id int primary key, b int check (b > 0) unique -- was: a
, g int generated always as (b * 2) stored);create index i on t (b, (b + 1)) where b > 5;
--unsafe
rename_column t.a

--- a renamed column that a foreign key refers to
--old
create table t (k int primary key); create table r (k int references t (k));
--data
insert into t values (1); insert into r values (1);
--new
create table t (id int primary key -- was: k
); create table r (k int references t (id));
--unsafe
rename_column t.k

--- a renamed column with another type
--old
create table t (id int primary key, a int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, b bigint -- was: a
);
--unsafe
rename_column t.a
change_type t.b

--- a renamed column with another default
--old
create table t (id int primary key, a int default 1);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, b int default 2 -- was: a
);
--unsafe
rename_column t.a
change_default t.b

--- two columns renamed at once
--old
create table t (id int primary key, a int, b text);
--data
insert into t values (1, 2, 'x');
--new
create table t (id int primary key, c int, -- was: a
 d text -- was: b
);
--unsafe
rename_column t.a
rename_column t.b

--- an index on a renamed column is added after it
--old
create table t (id int primary key, a int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, b int -- was: a
);create index on t (b);
--unsafe
rename_column t.a
change_index t.t_b_idx

--- a hint that is done already
--old
create table t (id int primary key, b int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, b int -- was: a
);

--- int to bigint
--old
create table t (id int primary key, c int default 5);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c bigint default 5);
--unsafe
change_type t.c

--- text to varchar
--old
create table t (id int primary key, c text);
--data
insert into t values (1, 'x');
--new
create table t (id int primary key, c varchar(10));
--unsafe
change_type t.c

--- varchar longer
--old
create table t (id int primary key, c varchar(10) default 'a');
--data
insert into t values (1, 'x');
--new
create table t (id int primary key, c varchar(20) default 'a');
--unsafe
change_type t.c

--- varchar to text with a check
--old
create table t (id int primary key, c varchar(10) check (c in ('a', 'b')));
--data
insert into t values (1, 'a');
--new
create table t (id int primary key, c text check (c in ('a', 'b')));
--unsafe
change_type t.c
change_constraint t.t_c_check

--- varchar to text with an index
--old
create table t (id int primary key, c varchar(10));create index i on t (lower(c)); create index p on t (c) where c <> 'q';
--data
insert into t values (1, 'a');
--new
create table t (id int primary key, c text);create index i on t (lower(c)); create index p on t (c) where c <> 'q';
--unsafe
change_type t.c

--- text to int
--old
create table t (id int primary key, c text);
--data
insert into t values (1, '42');
--new
create table t (id int primary key, c int);
--unsafe
change_type t.c

--- text to an enum
--old
create table t (id int primary key, c text not null default 'a');
--data
insert into t values (1, 'a');
--new
create type k as enum ('a', 'b');
create table t (id int primary key, c k not null default 'a');
--safe
create_enum k
--unsafe
change_type t.c

--- numeric with another scale
--old
create table t (id int primary key, c numeric(10,2));
--data
insert into t values (1, 1.5);
--new
create table t (id int primary key, c numeric(12,4));
--unsafe
change_type t.c

--- timestamp to timestamptz
--old
create table t (id int primary key, c timestamp default now());
--data
insert into t values (1);
--new
create table t (id int primary key, c timestamptz default now());
--unsafe
change_type t.c

--- a scalar becomes an array
--old
create table t (id int primary key, c int);
--data
insert into t (id) values (1);
--new
create table t (id int primary key, c int[]);
--unsafe
change_type t.c

--- boolean to int
--old
create table t (id int primary key, c boolean default false);
--data
insert into t (id) values (1);
--new
create table t (id int primary key, c int default 0);
--unsafe
change_type t.c

--- another collation
--old
create table t (id int primary key, c text);
--data
insert into t values (1, 'a');
--new
create table t (id int primary key, c text collate "C");
--unsafe
change_type t.c

--- the type of a key and of what refers to it
--old
create table t (id int primary key); create table r (t_id int references t);
--data
insert into t values (1); insert into r values (1);
--new
create table t (id bigint primary key); create table r (t_id bigint references t);
--unsafe
change_type t.id
change_type r.t_id

--- the type of a column that a generated one reads
--old
create table t (id int primary key, c int, g int generated always as (c * 2) stored);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c bigint, g bigint generated always as (c * 2) stored);
--unsafe
change_type t.c
change_generated t.g

--- set not null
--old
create table t (id int primary key, c int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int not null);
--unsafe
set_not_null t.c

--- set not null with nulls and a default
--old
create table t (id int primary key, c int);
--data
insert into t values (1, null);
--new
create table t (id int primary key, c int not null default 7);
--unsafe
set_not_null t.c
change_default t.c

--- set not null with nulls
--old
create table t (id int primary key, c int);
--data
insert into t values (1, null);
--new
create table t (id int primary key, c int not null);
--unsafe
set_not_null t.c
--person

--- drop not null
--old
create table t (id int primary key, c int not null);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int);
--unsafe
drop_not_null t.c

--- another default
--old
create table t (id int primary key, c int default 1);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int default 2);
--unsafe
change_default t.c

--- a default comes
--old
create table t (id int primary key, c int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int default 2);
--unsafe
change_default t.c

--- a default goes
--old
create table t (id int primary key, c int default 1);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int);
--unsafe
change_default t.c

--- a default spelled another way
--old
create table t (id int primary key, c varchar default 'a', d timestamptz default now(), e int default 1);
--new
create table t (id int primary key, c character varying default ('a'), d timestamp with time zone default (now()), e integer default '1');

--- types spelled another way
--old
create table t (id int primary key, a int4, b int8, c float8, d bool, e timestamptz, f decimal(5,1), g character(4), h varchar(9), i float(3), j serial4);
--new
create table t (id int primary key, a integer, b bigint, c double precision, d boolean, e timestamp with time zone, f numeric(5,1), g char(4), h character varying(9), i real, j serial);

--- a generated column with another expression
--old
create table t (id int primary key, c int, g int generated always as (c + 1) stored);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int, g int generated always as (c + 2) stored);
--unsafe
change_generated t.g

--- a generated column becomes a plain one
--old
create table t (id int primary key, c int, g int generated always as (c + 1) stored);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int, g int);
--unsafe
change_generated t.g

--- a plain column becomes a generated one
--old
create table t (id int primary key, c int, g int);
--data
insert into t values (1, 2, 3);
--new
create table t (id int primary key, c int, g int generated always as (c + 1) stored);
--unsafe
change_generated t.g

--- a generated column with an index is made anew
--old
create table t (id int primary key, c int, g int generated always as (c + 1) stored);create index gi on t (g);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c int, g int generated always as (c + 2) stored);create index gi on t (g);
--unsafe
change_generated t.g

--- serial becomes identity
--old
create table t (id serial primary key);
--data
insert into t default values;
--new
create table t (id int generated by default as identity primary key);
--unsafe
change_identity t.id
drop_sequence t.t_id_seq

--- identity becomes serial
--old
create table t (id int generated always as identity primary key);
--data
insert into t default values;
--new
create table t (id serial primary key);
--unsafe
change_identity t.id

--- identity always becomes by default
--old
create table t (id int generated always as identity primary key);
--data
insert into t default values;
--new
create table t (id int generated by default as identity primary key);
--unsafe
change_identity t.id

--- a plain column becomes an identity
--old
create table t (id int primary key);
--data
insert into t values (5);
--new
create table t (id int generated always as identity primary key);
--unsafe
change_identity t.id

--- an identity becomes a plain column
--old
create table t (id int generated always as identity primary key);
--data
insert into t default values;
--new
create table t (id int primary key);
--unsafe
change_identity t.id

--- an identity with another increment
--old
create table t (id int generated always as identity primary key);
--data
insert into t default values;
--new
create table t (id int generated always as identity (increment by 5) primary key);
--unsafe
change_identity t.id

--- a plain column gets a sequence
--old
create table t (id int primary key);
--data
insert into t values (5);
--new
create table t (id serial primary key);
--safe
create_sequence t.t_id_seq
--unsafe
change_default t.id

--- the type of an identity
--old
create table t (id int generated always as identity primary key);
--data
insert into t default values;
--new
create table t (id bigint generated always as identity primary key);
--unsafe
change_type t.id

--- the type of a serial
--old
create table t (id serial primary key);
--data
insert into t default values;
--new
create table t (id bigserial primary key);
--unsafe
change_type t.id
unsupported t.t_id_seq

--- storage and statistics of a column
--old
create table t (id int primary key, c text);
--new
create table t (id int primary key, c text);alter table t alter column c set storage external; alter table t alter column c set statistics 500;
--unsafe
unsupported t.c

--- storage and statistics of a new column
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text);alter table t alter column c set storage external; alter table t alter column c set statistics 500;
--safe
add_column t.c

--- compression of a new column
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, c text compression pglz);
--safe
add_column t.c

--- a type that no cast leads to
--old
create table t (id int primary key, c int);
--data
insert into t values (1, 2);
--new
create table t (id int primary key, c uuid);
--unsafe
change_type t.c
--person

--- words for a time as defaults of every type
--old
create table jar (id int primary key, a timestamp(3) default 'now', b timestamptz(0) default 'now', c date default 'today', d timestamptz default 'today', e time default 'now', f timestamp default 'yesterday', g date default 'now', h timetz(2) default 'now', i timestamp default 'tomorrow', j timestamptz(2) default 'now'::timestamptz, k text default 'now'::timestamp::text, l timestamp default 'now'::timestamp(3), m date default '2020-01-01', n text default 'now', o timestamptz[] default '{now}', p tsrange default '[now,)');
--new
create table jar (id int primary key, a timestamp(3) default 'now', b timestamptz(0) default 'now', c date default 'today', d timestamptz default 'today', e time default 'now', f timestamp default 'yesterday', g date default 'now', h timetz(2) default 'now', i timestamp default 'tomorrow', j timestamptz(2) default 'now'::timestamptz, k text default 'now'::timestamp::text, l timestamp default 'now'::timestamp(3), m date default '2020-01-02', n text default 'today', o timestamptz[] default '{now}', p tsrange default '[now,)', q date not null default 'today');
--safe
add_column jar.q
--unsafe
change_default jar.m
change_default jar.n

--- columns swap their names
--old
create table jar (id int primary key, a text, b text);
create index on jar (a);
--data
insert into jar values (1, 'was a', 'was b');
--new
create table jar (id int primary key, b text, -- was: a
 a text -- was: b
);
create index on jar (b);
--unsafe
rename_column jar.a
rename_column jar.b

--- columns of two types swap their names where they stand
--old
create table jar (id int primary key, a text, b int);
create index on jar (a);
--data
insert into jar values (1, 'was a', 2);
--new
create table jar (id int primary key, a int, -- was: b
 b text -- was: a
);
create index on jar (b);
--unsafe
rename_column jar.a
rename_column jar.b

--- three columns move on
--old
create table jar (id int primary key, a text, b text, c text);
--data
insert into jar values (1, 'was a', 'was b', 'was c');
--new
create table jar (id int primary key, b text, -- was: a
 c text, -- was: b
 a text -- was: c
);
--unsafe
rename_column jar.a
rename_column jar.b
rename_column jar.c

--- a column moves on and another takes its name
--old
create table jar (id int primary key, a text, z int);
--data
insert into jar values (1, 'was a', 3);
--new
create table jar (id int primary key, b text, -- was: a
 a int -- was: z
);
--unsafe
rename_column jar.a
rename_column jar.z

--- a column is renamed and a new one takes its name
--old
create table jar (id int primary key, a text);
--data
insert into jar values (1, 'was a');
--new
create table jar (id int primary key, b text, -- was: a
 a int
);
--unsafe
rename_column jar.a
unsupported jar.a

--- two columns of one type change names and stay where they are
--old
create table pair (id int, a int, b int);
--data
insert into pair values (1, 10, 20);
--new
create table pair (id int, a int, -- was: b
  b int -- was: a
);
--unsafe
rename_column pair.a
rename_column pair.b

--- two columns of one type change places and names, with the order of before
--old
create table pair (id int, a int, b int);
--new
create table pair (id int,
  b int, -- was: a
  a int -- was: b
);
--unsafe
rename_column pair.a
rename_column pair.b

--- a table that is made with hints in a circle
--new
create table pair (id int, a int, -- was: b
  b int -- was: a
);
--safe
create_table pair

--- three columns of one type go round and stay where they are
--old
create table ring (a int, b int, c int);
--data
insert into ring values (1, 2, 3);
--new
create table ring (a int, -- was: c
  b int, -- was: a
  c int -- was: b
);
--unsafe
rename_column ring.a
rename_column ring.b
rename_column ring.c

--- a swap within a table that is renamed
--old
create table pair (a int, b int);
--new
create table couple ( -- was: pair
  a int, -- was: b
  b int -- was: a
);
--unsafe
rename_column couple.a
rename_column couple.b
rename_table couple.pair

--- an identity of bigint becomes a serial of integer, with what refers to it
--old
create table t (id bigint generated always as identity primary key, v text);
create table u (id bigint generated by default as identity primary key, t_id bigint references t);
--data
insert into t (v) values ('a'), ('b');
insert into u (t_id) values (2);
--new
create table t (id serial primary key, v text);
create table u (id serial primary key, t_id int references t);
--unsafe
change_type t.id
change_identity t.id
change_type u.id
change_identity u.id
change_type u.t_id

--- a new table holds rows of one that gets a column and another type
--old
create table t (id int primary key, n int);
create table w (id int primary key);
--new
create table t (id int primary key, n int, m int default 1);
create table holds (id int primary key, t t);
create table w (id bigint primary key);
create table waits (id int primary key, w w[]);
--safe
add_column t.m
create_table holds
--unsafe
change_type w.id
unsupported waits

--- the sequence of an identity gets a comment
--old
create table t (id int generated always as identity primary key);
--new
create table t (id int generated always as identity primary key);
comment on sequence t_id_seq is 'numbers of t';
--safe
set_comment t.t_id_seq

--- the sequence of an identity loses its comment
--old
create table t (id int generated always as identity primary key);
comment on sequence t_id_seq is 'numbers of t';
--new
create table t (id int generated always as identity primary key);
--safe
set_comment t.t_id_seq

--- a new table and a new column with identities whose sequences have comments
--old
create table t (v int);
--data
insert into t values (1);
--new
create table t (v int, id int generated always as identity);
create table u (id int generated by default as identity);
comment on sequence t_id_seq is 'numbers of t';
comment on sequence u_id_seq is 'numbers of u';
--safe
create_table u
add_column t.id
set_comment t.t_id_seq
set_comment u.u_id_seq

--- a column becomes an identity whose sequence has a comment
--old
create table t (id int not null);
--data
insert into t values (7);
--new
create table t (id int generated by default as identity);
comment on sequence t_id_seq is 'numbers of t';
--unsafe
change_identity t.id
unsupported t.t_id_seq

--- an identity whose sequence has a name of its own
--new
create table t (id int generated always as identity (sequence name "Numbers" start with 5) primary key);
comment on sequence "Numbers" is 'of t';
--safe
create_table t
set_comment t.Numbers

--- the sequence of an identity gets another name
--old
create table t (id int generated always as identity primary key);
--data
insert into t values (default), (default);
--new
create table t (id int generated always as identity (sequence name numbers) primary key);
--unsafe
change_identity t.id

--- the sequence of an identity gets another name, other numbers and a comment
--namespace app
--old
create table t (id int generated always as identity (sequence name numbers) primary key);
--data
insert into t values (default), (default);
--new
create table t (id int generated by default as identity (sequence name figures increment by 5) primary key);
comment on sequence figures is 'of t';
--unsafe
change_identity t.id
unsupported t.figures

--- the sequence of an identity keeps a name that the files do not spell out
--old
create table t (id int generated always as identity (sequence name numbers) primary key);
--new
create table t (id int generated always as identity primary key);

--- an identity whose sequence has a name of its own becomes a serial and a plain column
--old
create table t (id int generated always as identity (sequence name numbers) primary key);
create table u (id int generated always as identity (sequence name figures) primary key);
--data
insert into t values (default);
insert into u values (default);
--new
create table t (id serial primary key);
create table u (id int primary key);
--unsafe
change_identity t.id
change_identity u.id

--- the sequence of an identity takes the name of a table that goes, and gives its own to another
--old
create table gone (id int);
create table t (id int generated always as identity (sequence name s1) primary key);
create table u (id int generated always as identity (sequence name s2) primary key);
--data
insert into t values (default);
--new
create table t (id int generated always as identity (sequence name gone) primary key);
create table u (id int generated always as identity (sequence name s1) primary key);
--unsafe
change_identity t.id
change_identity u.id
drop_table gone

--- the sequences of two identities swap their names
--old
create table t (id int generated always as identity (sequence name a) primary key);
create table u (id int generated always as identity (sequence name b) primary key);
--data
insert into t values (default);
insert into u values (default), (default);
--new
create table t (id int generated always as identity (sequence name b) primary key);
create table u (id int generated always as identity (sequence name a) primary key);
--unsafe
change_identity t.id
change_identity u.id

--- the names of three identities' sequences go round, one of them with other numbers
--old
create table t (id int generated always as identity (sequence name a) primary key, n int generated always as identity (sequence name "B.b"));
create table u (id int generated always as identity (sequence name c start with 7) primary key);
--data
insert into t values (default), (default);
insert into u values (default);
--new
create table t (id int generated always as identity (sequence name "B.b") primary key, n int generated by default as identity (sequence name c increment by 5));
create table u (id int generated always as identity (sequence name a start with 7) primary key);
--unsafe
change_identity t.id
change_identity t.n
change_identity u.id

--- a generated column becomes a plain one with a default and without nulls
--old
create table t (id int primary key, a int, b int generated always as (a * 2) stored, c int not null generated always as (id + 1) stored);
--data
insert into t values (1, 2), (2, null);
--new
create table t (id int primary key, a int, b int not null default 9, c int);
--unsafe
change_generated t.b
change_generated t.c
drop_not_null t.c
set_not_null t.b

--- identities with bounds of their own become narrower and wider
--old
create table t (id bigint generated always as identity (start 4000000000 maxvalue 5000000000), n int generated by default as identity (minvalue 0 start 0), m smallint generated always as identity (maxvalue 10), v text);
--data
insert into t (id, v) overriding system value values (1, 'a');
--new
create table t (id int generated always as identity, n smallint generated always as identity (maxvalue 100), m bigint generated always as identity (minvalue 3000000000), v text);
--unsafe
change_type t.id
change_type t.n
change_type t.m
change_identity t.id
change_identity t.n
change_identity t.m
--person

--- generated columns become identities
--old
create table t (id int, n int generated always as (id * 2) stored, m bigint not null generated always as (id * 3) stored);
--data
insert into t values (1), (20);
--new
create table t (id int, n int generated always as identity, m bigint generated by default as identity (start 5));
--unsafe
change_generated t.n
change_generated t.m
--person

--- serial columns become generated
--old
create table t (id int, n serial, m bigserial unique);
--data
insert into t (id) values (1), (2);
--new
create table t (id int, n int generated always as (id * 2) stored, m bigint generated always as (id * 3) stored unique);
--unsafe
change_generated t.n
change_generated t.m

--- generated columns become serial, one of them of a wider type
--old
create table t (id int, n int not null generated always as (id * 2) stored, m int not null generated always as (id * 3) stored);
--data
insert into t values (1), (20);
--new
create table t (id int, n serial, m bigserial);
--safe
create_sequence t.t_n_seq
create_sequence t.t_m_seq
--unsafe
change_generated t.n
change_generated t.m
unsupported t.t_n_seq
unsupported t.t_m_seq
