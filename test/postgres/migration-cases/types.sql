--- an enum type comes
--new
create type mood as enum ('sad', 'ok', 'it''s fine');
--safe
create_enum mood

--- an enum value at the end
--old
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'ok', 'happy');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--safe
add_enum_value mood.happy

--- an enum value at the beginning
--old
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('awful', 'sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--safe
add_enum_value mood.awful

--- an enum value in the middle
--old
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'meh', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--safe
add_enum_value mood.meh

--- several enum values in several places
--old
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('a', 'b', 'sad', 'c', 'd', 'ok', 'e', 'f');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--safe
add_enum_value mood.a
add_enum_value mood.b
add_enum_value mood.c
add_enum_value mood.d
add_enum_value mood.e
add_enum_value mood.f

--- an enum value with a quote and in capitals
--old
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'ok', 'It''s', 'OK');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--safe
add_enum_value mood.It's
add_enum_value mood.OK

--- an enum value goes
--old
create type mood as enum ('sad', 'ok', 'gone');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--unsafe
drop_enum_value mood.gone

--- an enum value goes and one comes
--old
create type mood as enum ('sad', 'ok', 'gone');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'ok', 'new');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--safe
add_enum_value mood.new
--unsafe
drop_enum_value mood.gone

--- two enum values go
--old
create type mood as enum ('sad', 'ok', 'x', 'y');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--unsafe
drop_enum_value mood.x
drop_enum_value mood.y

--- enum values in another order
--old
create type mood as enum ('sad', 'ok', 'happy');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('happy', 'ok', 'sad');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--unsafe
change_enum mood

--- an enum value goes that an index and a check mention
--old
create type mood as enum ('sad', 'ok', 'gone');
create table t (id int primary key, m mood default 'ok', ms mood[]);
create index i on t (id) where m = 'ok'; alter table t add constraint c check (m <> 'sad');
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
create index i on t (id) where m = 'ok'; alter table t add constraint c check (m <> 'sad');
--unsafe
drop_enum_value mood.gone

--- a new enum value as a default in the same change
--old
create type mood as enum ('sad', 'ok');
create table t (id int primary key, m mood default 'ok', ms mood[]);
--data
insert into t values (1, 'ok', '{ok,sad}');
--new
create type mood as enum ('sad', 'ok', 'new');
create table t (id int primary key, m mood default 'ok', ms mood[], n mood not null default 'new');
create table u (m mood default 'new');
--safe
add_enum_value mood.new
add_column t.n
create_table u

--- an enum type goes
--old
create type mood as enum ('a');
create table t (id int primary key);
--new
create table t (id int primary key);
--unsafe
change_enum mood

--- an enum type that nothing uses stays
--old
create type mood as enum ('a');
--new
create type mood as enum ('a');

--- a domain comes
--new
create domain email as text not null check (value ~ '@') constraint short check (length(value) < 100) default 'a@b';
create table t (e email);
--safe
create_enum email
create_table t

--- a domain over a domain
--new
create domain a as int check (value > 0); create domain b as a check (value < 9); create table t (x b, y a[]);
--safe
create_enum a
create_enum b
create_table t

--- a domain gets a check
--old
create domain d as int; create table t (x d);
--data
insert into t values (5);
--new
create domain d as int check (value > 0); create table t (x d);
--unsafe
change_constraint d_check

--- a domain loses a check
--old
create domain d as int check (value > 0); create table t (x d);
--data
insert into t values (5);
--new
create domain d as int; create table t (x d);
--unsafe
drop_constraint d_check

--- a domain with another check
--old
create domain d as int check (value > 0); create table t (x d);
--data
insert into t values (5);
--new
create domain d as int check (value > 1); create table t (x d);
--unsafe
change_constraint d_check

--- a domain with another default
--old
create domain d as int default 1; create table t (x d);
--data
insert into t values (5);
--new
create domain d as int default 2; create table t (x d);
--unsafe
change_default d

--- a domain becomes not null
--old
create domain d as int; create table t (x d);
--data
insert into t values (5);
--new
create domain d as int not null; create table t (x d);
--unsafe
set_not_null d

--- a domain may be null again
--old
create domain d as int not null; create table t (x d);
--data
insert into t values (5);
--new
create domain d as int; create table t (x d);
--unsafe
drop_not_null d

--- a domain over another type
--old
create domain d as int; create table t (x d);
--new
create domain d as bigint; create table t (x d);
--unsafe
change_type d
--person

--- a domain on varchar with a list
--old
create domain d as varchar(9) check (value in ('a', 'b')); create table t (x d);
--new
create domain d as varchar(9) check (value in ('a', 'b')); create table t (x d, y int);
--safe
add_column t.y

--- a composite type comes
--new
create type pair as (a int, b text collate "C"); create table t (p pair, q pair[]);
--safe
create_enum pair
create_table t

--- a composite type gets an attribute
--old
create type pair as (a int);
--new
create type pair as (a int, b text);
--unsafe
change_type pair

--- a composite type loses an attribute
--old
create type pair as (a int, b text);
--new
create type pair as (a int);
--unsafe
change_type pair

--- a composite type with another attribute type
--old
create type pair as (a int);
--new
create type pair as (a bigint);
--unsafe
change_type pair

--- types that build on each other in any order
--new
create table t (x outer_type); create type outer_type as (i inner_type, k kind); create type inner_type as (a int, m kind[]); create type kind as enum ('a');
--safe
create_enum kind
create_enum inner_type
create_enum outer_type
create_table t

--- a type becomes another kind of type
--old
create type k as enum ('a');
--new
create domain k as text;
--unsafe
unsupported k
--person

--- a domain type goes
--old
create domain d as int;
create table t (id int primary key);
--new
create table t (id int primary key);
--unsafe
unsupported d

--- a sequence comes
--new
create sequence s as int increment by 2 minvalue 10 maxvalue 100 start with 20 cache 5 cycle;
--safe
create_sequence s

--- a descending sequence
--new
create sequence s increment by -1;
--safe
create_sequence s

--- a sequence stays
--old
create sequence s as smallint increment by 2 start 5;
--new
create sequence s as smallint increment by 2 start 5;

--- a sequence with other options
--old
create sequence s;
--new
create sequence s increment by 5 cache 10;
--unsafe
unsupported s

--- a sequence goes
--old
create sequence s;
--new
create table t (id int primary key);
--safe
create_table t
--unsafe
drop_sequence s

--- a sequence that a default uses
--old
create sequence s; create table t (id int default nextval('s'), b text);
--data
insert into t (b) values ('x');
--new
create sequence s; create table t (id int default nextval('s'), b text, c bigint default nextval('public.s'));
--safe
add_column t.c

--- a sequence gets an owner
--old
create sequence s; create table t (id int default nextval('s'));
--new
create sequence s; create table t (id int default nextval('s')); alter sequence s owned by t.id;
--safe
create_sequence t.s

--- smallserial, serial and bigserial
--old
create table t (a smallserial, b serial, c bigserial);
--data
insert into t default values;
--new
create table t (a smallserial, b serial, c bigserial, d int);
--safe
add_column t.d

--- an extension comes
--new
create extension if not exists citext; create table t (e citext unique);
--safe
create_extension citext
create_table t

--- an extension stays
--old
create extension if not exists citext; create table t (e citext);
--data
insert into t values ('A');
--new
create extension if not exists citext; create table t (e citext, f citext default 'x', g hstore); create extension if not exists hstore; create index on t using gin (g);
--safe
create_extension hstore
add_column t.f
add_column t.g
add_index t.t_g_idx

--- an extension that the files no longer hold is left alone
--old
create extension if not exists hstore; create table t (e text);
--new
create table t (e text);

--- what belongs to an extension is the extension's
--old
create extension cube; create extension earthdistance; create table t (id int primary key, e earth);
--data
insert into t (id) values (1);
--new
create table t (id int primary key, e text);
--unsafe
change_type t.e

--- an operator class of an extension
--old
create extension if not exists pg_trgm; create table t (e text);
--data
insert into t values ('A');
--new
create extension if not exists pg_trgm; create table t (e text); create index i on t using gin (e gin_trgm_ops);
--safe
add_index t.i

--- text to citext
--old
create extension if not exists citext; create table t (e text);
--data
insert into t values ('A');
--new
create extension if not exists citext; create table t (e citext);
--unsafe
change_type t.e

--- comments come
--old
create table t (id int primary key, a int check (a > 0)); create index i on t (a); create type k as enum ('a'); create sequence s; create domain d as int;
--data
insert into t values (1, 1);
--new
create table t (id int primary key, a int check (a > 0)); create index i on t (a); create type k as enum ('a'); create sequence s; create domain d as int; comment on table t is 'T'; comment on column t.a is 'A'; comment on index i is 'I'; comment on type k is 'K'; comment on sequence s is 'S'; comment on constraint t_a_check on t is 'C'; comment on domain d is 'D';
--safe
set_comment t
set_comment t.a
set_comment t.i
set_comment k
set_comment s
set_comment t.t_a_check
set_comment d

--- comments change and go
--old
create table t (id int primary key, a int); comment on table t is 'T'; comment on column t.a is 'A';
--new
create table t (id int primary key, a int); comment on table t is 'U';
--safe
set_comment t
set_comment t.a

--- a comment on a new column and a new index
--old
create table t (id int primary key);
--data
insert into t values (1);
--new
create table t (id int primary key, a int); create index i on t (a); comment on column t.a is 'it''s'; comment on index i is 'I';
--safe
add_column t.a
add_index t.i
set_comment t.a
set_comment t.i

--- a new column of a composite type that gets an attribute
--old
create type addr as (street text, zip varchar(10));
create table t (id int primary key, home addr, others addr[] default '{}');
--data
insert into t values (1, row('s', 'z'), array[row('a', 'b')::addr]);
--new
create type addr as (street text, zip varchar(10), country char(2));
create table t (id int primary key, home addr, others addr[] default '{}', last addr);
create table u (id int primary key, a addr);
--unsafe
change_type addr
unsupported t.last
unsupported u

--- comments on a domain's checks and a composite type's attributes
--old
create domain d as int constraint positive check (value > 0) constraint small check (value < 10);
comment on constraint positive on domain d is 'before';
create type c as (x int, y int);
comment on column c.x is 'before';
--new
create domain d as int constraint positive check (value > 0) constraint small check (value < 10);
comment on constraint small on domain d is 'new';
create type c as (x int, y int);
comment on column c.x is 'after';
create domain e as text constraint filled check (value <> '');
comment on constraint filled on domain e is 'of a new one';
create type f as (z int);
comment on column f.z is 'of a new one';
--safe
create_enum e
create_enum f
set_comment c.x
set_comment d.positive
set_comment d.small
set_comment e.filled
set_comment f.z

--- a comment on a domain's check that a revision adds
--old
create domain d as int;
--new
create domain d as int constraint positive check (value > 0);
comment on constraint positive on domain d is 'new';
--unsafe
change_constraint positive
unsupported d.positive

--- a domain gets a check that its columns need not hold
--old
create domain d as int;
create table t (id int, n d);
--data
insert into t values (1, -1);
--new
create domain d as int;
alter domain d add constraint positive check (value > 0) not valid;
create table t (id int, n d);
--unsafe
change_constraint positive

--- a domain's check is to hold for the columns too
--old
create domain d as int;
create table t (id int, n d);
--extra
alter domain d add constraint positive check (value > 0) not valid;
--new
create domain d as int constraint positive check (value > 0);
create table t (id int, n d);
--data
insert into t values (1, 1);
--unsafe
change_constraint positive

--- an enum value goes together with the column that has it as default
--old
create type mood as enum ('sad', 'glad', 'odd');
create table t (id int, m mood default 'sad', n mood[] default '{odd}');
--data
insert into t values (1);
--new
create type mood as enum ('sad', 'glad');
create table t (id int, m mood default 'sad');
--unsafe
drop_enum_value mood.odd
drop_column t.n

--- an enum value goes from a domain and a composite type
--old
create type mood as enum ('sad', 'glad', 'odd');
create domain fine as mood default 'glad';
create type pair as (a mood, b int);
--new
create type mood as enum ('sad', 'glad');
create domain fine as mood default 'glad';
create type pair as (a mood, b int);
--unsafe
drop_enum_value mood.odd
--person

--- columns of an enum become columns of another that has its values
--old
create type a as enum ('x', 'y');
create table t (id int, v a default 'x' not null, w a[]);
create index i on t (v) where v = 'x';
--data
insert into t values (1, 'y', '{x}');
--new
create type a as enum ('x', 'y');
create type b as enum ('x', 'y', 'z');
create table t (id int, v b default 'x' not null, w b[]);
create index i on t (v) where v = 'x';
--safe
create_enum b
--unsafe
change_index t.i
change_type t.v
change_type t.w

--- a column of an enum becomes one of another that lacks a value
--old
create type a as enum ('x', 'y');
create table t (id int, v a);
--data
insert into t values (1, 'y');
--new
create type a as enum ('x', 'y');
create type b as enum ('x', 'z');
create table t (id int, v b);
--safe
create_enum b
--unsafe
change_type t.v
--person

--- a key gets a sequence as default under the name of an index that goes, and another type
--old
create table a (id int primary key, v int);
create index n on a (v);
create table b (a_id int references a);
--data
insert into a values (1, 1);
insert into b values (1);
--new
create sequence n;
create table a (id text primary key default nextval('n')::text, v int);
create table b (a_id text references a);
--unsafe
change_type a.id
change_type b.a_id
drop_index a.n
unsupported n

--- an enum value goes that checks and indexes name
--old
create type b as enum ('x', 'y', 'z');
create table t (id int, v b, constraint c check (v in ('x', 'z')));
create index i on t (id) where v = 'z';
create index j on t (id) where v <> 'z';
--data
insert into t values (1, 'x');
--new
create type b as enum ('x', 'y');
create table t (id int, v b, constraint c check (v in ('x')));
create index i on t (id) where v = 'y';
--unsafe
change_constraint t.c
change_index t.i
drop_enum_value b.z
drop_index t.j

--- a domain that an array column holds becomes not null
--old
create domain d as int; create table t (id int, x d[]);
--data
insert into t values (1, '{1,2}');
--new
create domain d as int not null; create table t (id int, x d[]);
--unsafe
set_not_null d
--person

--- a domain within a composite type that a column holds becomes not null
--old
create domain d as int; create type c as (a d, b int); create table t (id int, x c);
--data
insert into t values (1, row(1, 2));
--new
create domain d as int not null; create type c as (a d, b int); create table t (id int, x c);
--unsafe
set_not_null d
--person

--- a domain within rows that a column holds gets a check
--old
create domain d as int; create domain e as d; create table t (id int, v e); create table u (id int, r t[]);
--data
insert into t values (1, 1);
insert into u select 1, array_agg(t) from t;
--new
create domain d as int check (value > 0); create domain e as d; create table t (id int, v e); create table u (id int, r t[]);
--unsafe
change_constraint d_check
--person

--- a domain becomes not null, and an array of it goes with its column and its table
--old
create domain d as int; create domain e as d; create type c as (a d[]);
create table t (id int, x d[], y c, z e not null); create table u (x d[]);
--data
insert into t values (1, '{1}', row('{1}'), 1);
--new
create domain d as int not null; create domain e as d; create type c as (a d[]);
create table t (id int, z e not null);
--unsafe
set_not_null d
drop_column t.x
drop_column t.y
drop_table u

--- a domain within a composite type that no column holds becomes not null and gets a check
--old
create domain d as int; create domain e as d; create type c as (a d, b e[]); create table t (id int, v e);
--data
insert into t values (1, 1);
--new
create domain d as int not null check (value > 0); create domain e as d; create type c as (a d, b e[]); create table t (id int, v e);
--unsafe
set_not_null d
change_constraint d_check

--- a domain that an array column holds gets a check that its values need not meet
--old
create domain d as int; create table t (id int, x d[]);
--data
insert into t values (1, '{-1}');
--new
create domain d as int; create table t (id int, x d[]);
alter domain d add constraint positive check (value > 0) not valid;
--unsafe
change_constraint positive

--- a composite type that a column holds gets an attribute in the middle
--old
create type c as (a int, b text, "Odd.One" date); create table t (id int, v c);
--data
insert into t values (1, row(1, 'x', null));
--new
create type c as (a int, d numeric(5,2), "Odd.One" date, "new one" text); create table t (id int, v c);
--unsafe
change_type c
--person

--- files that add attributes to a type and validate a domain's check behind their creation
--old
create type c as (a int);
create domain d as int;
create table t (id int, v c, n d);
--data
insert into t values (1, row(1), 1);
--new
create type public.c as (a int);
create domain d as int;
create table t (id int, v c, n d);
alter type c add attribute b text collate "C", add attribute "Odd.One" date;
alter type public.c add attribute e int[];
comment on column c.e is 'the last';
alter domain d add constraint positive check (value > 0) not valid;
alter domain public.d validate constraint positive;
--unsafe
change_type c
change_constraint positive
unsupported c.e

--- columns of types that have the names of tables which go
--old
create table price (amount numeric, currency char(3));
create table level (id int primary key);
create table item (id int primary key, cost text not null, depth text default 'low');
--data
insert into item values (1, '(2,EUR)', 'high');
--new
create type level as enum ('low', 'high');
create type price as (amount numeric, currency char(3));
create table item (id int primary key, cost price not null, depth level default 'low');
--unsafe
drop_table price
drop_table level
unsupported price
unsupported level
change_type item.cost
change_type item.depth
--person
