--- a partitioned table comes
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--safe
create_table m
create_table m_1
create_table m_2

--- a partitioned table with keys and indexes comes
--new
create table m (id int not null, at date not null, v int, primary key (id, at)) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create index on m (v);
--safe
create_table m
create_table m_1
create_table m_2
add_index m.m_v_idx

--- a partitioned table stays
--old
create table m (id int not null, at date not null, v int, primary key (id, at), check (v > 0)) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create index on m (v); create index local on m_1 (v, id);
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int, primary key (id, at), check (v > 0)) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create index on m (v); create index local on m_1 (v, id);

--- a partition comes
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create table m_3 partition of m for values from ('2027-01-01') to ('2028-01-01');
--safe
create_table m_3

--- a default partition comes
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create table m_d partition of m default;
--safe
create_table m_d

--- an index on a partitioned table
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create index i on m (v) where v > 0;
--safe
add_index m.i
add_index m_1.i
add_index m_2.i

--- a unique index on a partitioned table
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create unique index i on m (at, id);
--safe
add_index m.i
add_index m_1.i
add_index m_2.i

--- an index on one partition
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create index i on m_1 (v);
--safe
add_index m_1.i

--- a column on a partitioned table
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int, w int default 4) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--safe
add_column m.w

--- a check on a partitioned table
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int, check (v > 0)) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--safe
add_constraint m.m_v_check
validate_constraint m.m_v_check

--- a primary key on a small partitioned table
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int, primary key (id, at)) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--safe
add_constraint m.m_pkey

--- a foreign key on a small partitioned table
--old
create table r (id int primary key);
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into r values (3), (4); insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table r (id int primary key);
create table m (id int not null, at date not null, v int, foreign key (v) references r) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--safe
add_constraint m.m_v_fkey
--safe-since-18
add_constraint m.m_v_fkey
validate_constraint m.m_v_fkey

--- a foreign key to a partitioned table
--old
create table m (id int not null, at date not null, v int, primary key (id, at)) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--data
insert into m values (1, '2026-02-02', 3), (2, '2026-08-08', 4);
--new
create table m (id int not null, at date not null, v int, primary key (id, at)) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
create table r (id int, at date, foreign key (id, at) references m);
--safe
create_table r
add_constraint r.r_id_at_fkey

--- list and hash partitions
--new
create table l (k text, n int) partition by list (k); create table l_a partition of l for values in ('a', 'b'); create table l_n partition of l for values in (null) partition by hash (n); create table l_n0 partition of l_n for values with (modulus 2, remainder 0); create table l_n1 partition of l_n for values with (modulus 2, remainder 1);
--safe
create_table l
create_table l_a
create_table l_n
create_table l_n0
create_table l_n1

--- an index on partitions of partitions
--old
create table l (k text, n int) partition by list (k); create table l_a partition of l for values in ('a') partition by hash (n); create table l_a0 partition of l_a for values with (modulus 2, remainder 0); create table l_a1 partition of l_a for values with (modulus 2, remainder 1);
--data
insert into l values ('a', 1), ('a', 2);
--new
create table l (k text, n int) partition by list (k); create table l_a partition of l for values in ('a') partition by hash (n); create table l_a0 partition of l_a for values with (modulus 2, remainder 0); create table l_a1 partition of l_a for values with (modulus 2, remainder 1); create index i on l (n);
--safe
add_index l.i
add_index l_a.i
add_index l_a0.i
add_index l_a1.i

--- partitions attached in a statement of their own
--new
create table m (id int, at date) partition by range (at); create table m_1 (id int, at date); alter table m attach partition m_1 for values from ('2026-01-01') to ('2027-01-01');
--safe
create_table m
create_table m_1

--- attached and created in place are the same
--old
create table m (id int, at date) partition by range (at); create table m_1 (id int, at date); alter table m attach partition m_1 for values from ('2026-01-01') to ('2027-01-01');
--new
create table m (id int, at date) partition by range (at); create table m_1 partition of m for values from ('2026-01-01') to ('2027-01-01');

--- a partition with another bound
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-02-01');
--unsafe
unsupported m_2

--- a plain table becomes partitioned
--old
create table m (id int, at date);
--data
insert into m values (1, '2026-01-01');
--new
create table m (id int, at date) partition by range (at);
--unsafe
unsupported m
--person

--- a partition goes
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
--unsafe
drop_table m_2

--- a default of one partition
--old
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--new
create table m (id int not null, at date not null, v int) partition by range (at);
create table m_1 partition of m (v default 7) for values from ('2026-01-01') to ('2026-07-01');
create table m_2 partition of m for values from ('2026-07-01') to ('2027-01-01');
--unsafe
change_default m_1.v

--- a partition of identity and generated columns
--new
create table m (id int not null, at date, g int generated always as (extract(year from at)::int) stored) partition by range (at); create table m_1 partition of m for values from ('2026-01-01') to ('2027-01-01');
--safe
create_table m
create_table m_1

--- a partition leaves and a new one has its values
--old
create table m (id int not null, org int not null, primary key (id, org)) partition by list (org);
create table m_1 partition of m for values in (1, 2);
create table r (id int not null) partition by range (id);
create table r_1 partition of r for values from (0) to (10);
create table r_2 partition of r for values from (10) to (20);
--data
insert into m values (1, 1);
insert into r values (1), (11);
--new
create table m (id int not null, org int not null, primary key (id, org)) partition by list (org);
create table m_1 (id int not null, org int not null, primary key (id, org));
create table m_1b partition of m for values in (2, 3);
create table m_4 partition of m for values in (4);
create table r (id int not null) partition by range (id);
create table r_2 partition of r for values from (10) to (20);
create table r_0 partition of r for values from (0) to (5);
create table r_3 partition of r for values from (20) to (30);
--safe
create_table m_4
create_table r_3
--unsafe
drop_table r_1
unsupported m_1
unsupported m_1b
unsupported r_0

--- a range within one that leaves
--old
create table r (id int not null) partition by range (id);
create table r_1 partition of r for values from (0) to (10);
create table r_2 partition of r for values from (10) to (20);
--new
create table r (id int not null) partition by range (id);
create table r_2 partition of r for values from (10) to (20);
create table r_0 partition of r for values from (2) to (5);
--unsafe
drop_table r_1
unsupported r_0

--- ranges of two columns and of dates
--old
create table r (a bigint, b date) partition by range (a, b);
create table r_1 partition of r for values from (-5, minvalue) to (0, '2026-01-01');
create table r_2 partition of r for values from (0, '2026-02-01') to (100, maxvalue);
create table d (at timestamptz not null) partition by range (at);
create table d_1 partition of d for values from ('2026-01-01 00:00+00') to ('2026-02-01 00:00+00');
--new
create table r (a bigint, b date) partition by range (a, b);
create table r_1b partition of r for values from (-2, '2020-01-01') to (-1, minvalue);
create table r_2 partition of r for values from (0, '2026-02-01') to (100, maxvalue);
create table r_9 partition of r for values from (0, '2026-01-01') to (0, '2026-02-01');
create table d (at timestamptz not null) partition by range (at);
create table d_1b partition of d for values from ('2026-01-10 00:00+00') to ('2026-01-11 00:00:00.5+00');
create table d_2 partition of d for values from ('2026-03-01 00:00+00') to (maxvalue);
--safe
create_table r_9
create_table d_2
--unsafe
drop_table d_1
drop_table r_1
unsupported d_1b
unsupported r_1b

--- ranges, lists and expressions whose order only the server knows
--old
create table w (name text not null, n numeric) partition by range (name);
create table w_1 partition of w for values from ('a') to ('m');
create table e (name text not null) partition by range (lower(name));
create table e_1 partition of e for values from ('a') to ('m');
create table n (v numeric) partition by list (v);
create table n_1 partition of n for values in (1.0, 2);
--new
create table w (name text not null, n numeric) partition by range (name);
create table w_2 partition of w for values from ('c') to ('d');
create table w_3 partition of w for values from ('p') to ('q');
create table e (name text not null) partition by range (lower(name));
create table e_2 partition of e for values from ('b') to ('c');
create table e_3 partition of e for values from ('n') to ('o');
create table n (v numeric) partition by list (v);
create table n_2 partition of n for values in (1);
create table n_3 partition of n for values in (3);
--safe
create_table w_3
create_table e_3
create_table n_3
--unsafe
drop_table w_1
drop_table e_1
drop_table n_1
unsupported w_2
unsupported e_2
unsupported n_2

--- partitions that are not in the files have the values of new ones
--old
create table r (id int not null) partition by range (id);
create table l (k text) partition by list (k);
create table h (id int not null) partition by hash (id);
create table f (id int not null) partition by range (id);
--extra
create table r_x partition of r for values from (0) to (10);
create table l_x partition of l for values in ('a', null);
create table h_x partition of h for values with (modulus 4, remainder 2);
create table f_x partition of f default;
--new
create table r (id int not null) partition by range (id);
create table r_1 partition of r for values from (3) to (4);
create table r_2 partition of r for values from (10) to (14);
create table l (k text) partition by list (k);
create table l_1 partition of l for values in ('b', null);
create table l_2 partition of l for values in ('c');
create table h (id int not null) partition by hash (id);
create table h_1 partition of h for values with (modulus 2, remainder 0);
create table h_2 partition of h for values with (modulus 2, remainder 1);
create table f (id int not null) partition by range (id);
create table f_d partition of f default;
create table f_1 partition of f for values from (0) to (10);
--safe
create_table r_2
create_table l_2
create_table h_2
create_table f_1
--unsafe
unsupported r_1
unsupported l_1
unsupported h_1
unsupported f_d
--person

--- a partition for rows that are in the default one
--old
create table m (id int generated always as identity, at date not null, v int, twice int generated always as (v * 2) stored, primary key (id, at)) partition by range (at);
create table m_d partition of m default;
--data
insert into m (at, v) values ('2026-02-02', 3), ('2026-08-08', 4);
--new
create table m (id int generated always as identity, at date not null, v int, twice int generated always as (v * 2) stored, primary key (id, at)) partition by range (at);
create table m_d partition of m default;
create table m_1 partition of m for values from ('2026-01-01') to ('2026-07-01');
create index own on m_1 (v);
create table m_2 partition of m for values from ('2027-01-01') to ('2027-07-01');
--safe
create_table m_2
--unsafe
unsupported m_1
change_index m_1.own

--- a partition beside a default one that is not small
--old
create table m (id int not null) partition by range (id);
create table m_d partition of m default;
--data
insert into m select -g from generate_series(1, 20000) g; analyze m_d;
--new
create table m (id int not null) partition by range (id);
create table m_d partition of m default;
create table m_1 partition of m for values from (0) to (10);
create index on m_1 (id);
--unsafe
change_index m_1.m_1_id_idx
unsupported m_1

--- a partition in another schema has the values of a new one
--old
create table m (id int not null) partition by range (id);
--extra
drop schema if exists partitions_elsewhere cascade; create schema partitions_elsewhere;
create table partitions_elsewhere.m_1 partition of public.m for values from (0) to (10);
--new
create table m (id int not null) partition by range (id);
create table m_1 partition of m for values from (5) to (15);
--unsafe
unsupported m_1
--person

--- a column of a partition key gets another type
--old
create table m (id int not null, k int not null, v text) partition by range (id);
create table m_1 partition of m for values from (0) to (10) partition by list ((k + 1));
--new
create table m (id int not null, k bigint not null, v text) partition by range (id);
create table m_1 partition of m for values from (0) to (10) partition by list ((k + 1));
--unsafe
change_type m.k
--person

--- a table is partitioned in another way
--old
create table m (id int not null, v text) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
--data
insert into m values (1, 'x');
--new
create table m (id int not null, v text) partition by hash (id);
create table m_1 partition of m for values with (modulus 1, remainder 0);
--unsafe
unsupported m
unsupported m_1
--person

--- a table with the key and indexes of its new parent becomes a partition
--old
create table m (id int primary key, v int unique, check (v > 0));
create table p (id int primary key, v int) partition by range (id);
create index p_v on p (v);
create table q (id int primary key, v int);
create index q_v on q (v);
create index q_more on q (v desc);
--data
insert into q values (1, 1);
--new
create table m (id int primary key, v int unique, check (v > 0));
create table p (id int primary key, v int) partition by range (id);
create index p_v on p (v);
create table q partition of p for values from (0) to (10);
--unsafe
unsupported q
drop_index q.q_more

--- partitions shift their bounds, with rows that change places
--old
create table r (id int primary key);
create table p (id int generated by default as identity, n int, g int generated always as (n * 2) stored, r int references r, primary key (id, n)) partition by range (n);
create index on p (r);
create table p1 partition of p for values from (1) to (10);
create table p2 partition of p for values from (10) to (20);
--data
insert into r values (1);
insert into p (n, r) values (2, 1), (12, 1), (16, null);
--new
create table r (id int primary key);
create table p (id int generated by default as identity, n int, g int generated always as (n * 2) stored, r int references r, primary key (id, n)) partition by range (n);
create index on p (r);
create table p1 partition of p for values from (1) to (15);
create table p2 partition of p for values from (15) to (20);
--unsafe
unsupported p1
unsupported p2

--- partitions swap their values
--old
create table p (id text) partition by list (id);
create table p1 partition of p for values in ('a', 'x');
create table p2 partition of p for values in ('b');
create table p3 partition of p default;
--data
insert into p values ('a'), ('b'), ('x'), ('z');
--new
create table p (id text) partition by list (id);
create table p1 partition of p for values in ('b');
create table p2 partition of p for values in ('a', 'x');
create table p3 partition of p default;
--unsafe
unsupported p1
unsupported p2

--- a partition takes the values of one that goes and of one that leaves
--old
create table p (id int, v int) partition by range (id);
create table p1 partition of p for values from (1) to (10);
create table p2 partition of p for values from (10) to (20);
create table p3 partition of p for values from (20) to (30);
--data
insert into p values (2), (21);
--new
create table p (id int, v int) partition by range (id);
create table p1 partition of p for values from (1) to (30);
create table p3 (id int, v int);
--unsafe
drop_table p2
unsupported p1
unsupported p3

--- a partition gives half of its values to a new one
--old
create table p (id int) partition by range (id);
create table p1 partition of p for values from (1) to (20);
--data
insert into p values (2);
--new
create table p (id int) partition by range (id);
create table p1 partition of p for values from (1) to (10);
create table p2 partition of p for values from (10) to (20);
--unsafe
unsupported p1
unsupported p2

--- a partitioned table's new index takes what its partitions have as its parts
--old
create table p (id int, v int) partition by range (id);
create table p1 partition of p for values from (1) to (10);
create table p2 partition of p for values from (10) to (20) partition by range (v);
create table p21 partition of p2 for values from (1) to (10);
create table p3 partition of p for values from (20) to (30);
create index p1_by_v on p1 (v);
create index p21_by_v on p21 (v);
create index p3_by_v on p3 (v desc);
--data
insert into p values (1, 1), (10, 1), (20, 1);
--new
create table p (id int, v int) partition by range (id);
create table p1 partition of p for values from (1) to (10);
create table p2 partition of p for values from (10) to (20) partition by range (v);
create table p21 partition of p2 for values from (1) to (10);
create table p3 partition of p for values from (20) to (30);
create index p1_by_v on p1 (v);
create index on p (v);
--safe
add_index p.p_v_idx
add_index p1.p_v_idx
add_index p2.p_v_idx
add_index p21.p_v_idx
add_index p3.p_v_idx
--unsafe
drop_index p3.p3_by_v

--- columns of partitions and children that are kept in another way than the parent's
--old
create table p (id int, v text) partition by list (id);
create table p1 partition of p for values in (1);
create table p2 partition of p for values in (2);
create table a (v text);
create table b () inherits (a);
--new
create table p (id int, v text) partition by list (id);
create table p1 partition of p for values in (1);
create table p2 partition of p for values in (2);
create table a (v text);
create table b () inherits (a);
alter table p alter v set storage main, alter v set statistics 5;
alter table p1 alter v set storage external, alter v set statistics 10;
alter table b alter v set (n_distinct = 3);
--unsafe
unsupported b.v
unsupported p.v
unsupported p1.v

--- unique indexes of partitioned tables become keys of the same name
--old
create table p (id int not null, v int not null) partition by list (v);
create table p1 partition of p for values in (1);
create unique index p_pkey on p (v, id);
create table q (id int not null, v int not null) partition by list (v);
create table q1 partition of q for values in (1);
alter table q1 add constraint q1_key unique (v, id);
create unique index q_key on q (v, id);
--data
insert into p values (1, 1);
insert into q values (1, 1);
--new
create table p (id int not null, v int not null, constraint p_pkey primary key (v, id)) partition by list (v);
create table p1 partition of p for values in (1);
create table q (id int not null, v int not null, constraint q_key unique (v, id)) partition by list (v);
create table q1 partition of q for values in (1);
--unsafe
change_constraint q.q_key
change_primary_key p.p_pkey

--- a new partition whose column is kept in another way than the parent's
--old
create table p (id int, v text, w text) partition by list (id);
alter table p alter v set storage main, alter v set statistics 5, alter w set compression pglz;
--new
create table p (id int, v text, w text) partition by list (id);
alter table p alter v set storage main, alter v set statistics 5, alter w set compression pglz;
create table p1 partition of p for values in (1);
alter table p1 alter v set storage external, alter v set statistics 10, alter w set compression default;
create table p2 partition of p for values in (2);
--safe
create_table p1
create_table p2

--- partitions whose rows others refer to shift their bounds
--old
create table p (n int primary key) partition by range (n);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
create table r (n int references p on delete cascade);
--data
insert into p values (1), (11);
insert into r values (1), (11);
--new
create table p (n int primary key) partition by range (n);
create table p1 partition of p for values from (0) to (12);
create table p2 partition of p for values from (12) to (20);
create table r (n int references p on delete cascade);
--unsafe
unsupported p1
unsupported p2

--- a partition gets another name and takes rows of its neighbour
--old
create table p (n int) partition by range (n);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
--data
insert into p values (1), (11);
--new
create table p (n int) partition by range (n);
create table q1 partition of p -- was: p1
  for values from (0) to (12);
create table p2 partition of p for values from (12) to (20);
--unsafe
rename_table q1.p1
unsupported p2
unsupported q1

--- a partition is detached while the parent gets a column that it shall have too
--old
create table p (id int, at date not null) partition by range (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 partition of p for values from ('2021-01-01') to ('2022-01-01');
--data
insert into p values (1, '2020-05-05'), (2, '2021-05-05');
--new
create table p (id int, at date not null, extra text default 'x') partition by range (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 (id int, at date not null, extra text default 'x');
--safe
add_column p.extra
--unsafe
unsupported p2

--- a partition is detached and gets a column of its own
--old
create table p (id int, at date not null) partition by range (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
--data
insert into p values (1, '2020-05-05');
--new
create table p (id int, at date not null) partition by range (at);
create table p1 (id int, at date not null, extra text default 'x');
comment on column p1.extra is 'its own';
--unsafe
unsupported p1
unsupported p1.extra

--- a partition moves to a parent that has one more column
--old
create table p (id int, at date not null) partition by range (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table q (id int, at date not null, extra text) partition by range (at);
--data
insert into p values (1, '2020-05-05');
--new
create table p (id int, at date not null) partition by range (at);
create table q (id int, at date not null, extra text) partition by range (at);
create table p1 partition of q for values from ('2020-01-01') to ('2021-01-01');
--unsafe
unsupported p1

--- a child leaves its parent, which gets a column that the child shall have too
--old
create table p (id int);
create table c (own int) inherits (p);
--data
insert into c values (1, 2);
--new
create table p (id int, extra text default 'x');
create table c (id int, own int, extra text default 'x');
--safe
add_column p.extra
--unsafe
unsupported c

--- a partition has its own storage, statistics, default and comment for a column that its parent gets
--old
create table p (id int, at date not null) partition by range (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01') partition by range (at);
create table p11 partition of p1 for values from ('2020-01-01') to ('2020-06-01');
create table p2 partition of p for values from ('2021-01-01') to ('2022-01-01');
--data
insert into p values (1, '2020-05-05'), (2, '2021-05-05');
--new
create table p (id int, at date not null, extra text default 'x') partition by range (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01') partition by range (at);
create table p11 partition of p1 (extra default 'y') for values from ('2020-01-01') to ('2020-06-01');
create table p2 partition of p (extra not null) for values from ('2021-01-01') to ('2022-01-01');
comment on column p.extra is 'of all';
comment on column p2.extra is 'of this one';
alter table only p1 alter column extra set storage external;
alter table p2 alter column extra set statistics 50;
alter table p2 alter column extra set (n_distinct = 5);
--safe
add_column p.extra
set_comment p.extra
set_comment p2.extra
--unsafe
change_default p11.extra
set_not_null p2.extra
unsupported p1.extra
unsupported p11.extra
unsupported p2.extra

--- a child has its own storage and comment for a column that its parent gets with others
--old
create table p (id int);
create table c (own int) inherits (p);
--data
insert into c values (1, 2);
--new
create table p (id int, extra text);
alter table p alter column extra set storage main;
alter table p alter column extra set statistics 10;
create table c (own int) inherits (p);
alter table c alter column extra set storage external;
comment on column c.extra is 'its own';
--safe
add_column p.extra
set_comment c.extra
--unsafe
unsupported c.extra

--- a partition is detached and keeps its keys, checks, foreign keys and indexes
--old
create table r (id int primary key);
create table p (id int not null check (id > 0), at date not null, v int, r_id int references r, primary key (id, at)) partition by range (at);
create index on p (v, at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 partition of p for values from ('2021-01-01') to ('2022-01-01');
--data
insert into r values (7);
insert into p values (1, '2020-05-05', 3, 7), (2, '2021-05-05', 3, 7);
--new
create table r (id int primary key);
create table p (id int not null check (id > 0), at date not null, v int, r_id int references r, primary key (id, at)) partition by range (at);
create index on p (v, at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 (id int not null constraint p_id_check check (id > 0), at date not null, v int, r_id int constraint p_r_id_fkey references r, primary key (id, at));
create index on p2 (v, at);
--unsafe
unsupported p2

--- a partition is detached and keeps nothing of its parent's
--old
create table r (id int primary key);
create table p (id int not null check (id > 0), at date not null, v int, r_id int references r, primary key (id, at)) partition by range (at);
create index on p (v, at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 partition of p for values from ('2021-01-01') to ('2022-01-01');
--data
insert into r values (7);
insert into p values (1, '2020-05-05', 3, 7), (2, '2021-05-05', 3, 7);
--new
create table r (id int primary key);
create table p (id int not null check (id > 0), at date not null, v int, r_id int references r, primary key (id, at)) partition by range (at);
create index on p (v, at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 (id int not null, at date not null, v int, r_id int);
--unsafe
unsupported p2
change_primary_key p2.p2_pkey
drop_constraint p2.p_id_check
drop_constraint p2.p_r_id_fkey
drop_index p2.p2_v_at_idx

--- a partition is detached, and its key and an index are others
--old
create table p (id int not null, at date not null, v int, w int, primary key (id, at)) partition by range (at);
create index on p (v);
create index p_w on p (w);
create table p2 partition of p for values from ('2021-01-01') to ('2022-01-01');
--data
insert into p values (2, '2021-05-05', 3);
--new
create table p (id int not null, at date not null, v int, w int, primary key (id, at)) partition by range (at);
create index on p (v);
create index p_w on p (w);
create table p2 (id int primary key, at date not null, v int, w int);
create index p2_v_idx on p2 (v desc);
create index mine on p2 (w);
create index other on p2 (v, w);
comment on index mine is 'its own';
--safe
add_index p2.other
--unsafe
unsupported p2
change_primary_key p2.p2_pkey
change_index p2.p2_v_idx
change_index p2.mine
unsupported p2.mine

--- a partition is detached while its parent gets an index and loses another
--old
create table p (id int, at date not null, v int) partition by range (at);
create index p_at on p (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 partition of p for values from ('2021-01-01') to ('2022-01-01');
--data
insert into p values (1, '2020-05-05', 3), (2, '2021-05-05', 3);
--new
create table p (id int, at date not null, v int, unique (id, at)) partition by range (at);
create index on p (v);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table p2 (id int, at date not null, v int);
create index on p2 (at);
create index on p2 (id, v);
--safe
add_index p2.p2_id_v_idx
--unsafe
unsupported p2
drop_index p.p_at
change_index p.p_v_idx
change_constraint p.p_id_at_key

--- a partition moves to a parent that has the same index and key, and another check
--old
create table p (id int not null, at date not null, v int check (v > 0), primary key (id, at)) partition by range (at);
create index on p (v);
create index on p (at, v);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
create table q (id int not null, at date not null, v int check (v > 1), primary key (id, at)) partition by range (at);
create index on q (v);
--data
insert into p values (1, '2020-05-05', 3);
--new
create table p (id int not null, at date not null, v int check (v > 0), primary key (id, at)) partition by range (at);
create index on p (v);
create index on p (at, v);
create table q (id int not null, at date not null, v int check (v > 1), primary key (id, at)) partition by range (at);
create index on q (v);
create table p1 partition of q for values from ('2020-01-01') to ('2021-01-01');
--safe
add_constraint p1.q_v_check
validate_constraint p1.q_v_check
--unsafe
unsupported p1
drop_constraint p1.p_v_check
drop_index p1.p1_at_v_idx

--- a child leaves its parent and keeps one of its checks
--old
create table p (id int check (id > 0), v int check (v > 0));
create table c (own int) inherits (p);
--data
insert into c values (1, 2, 3);
--new
create table p (id int check (id > 0), v int check (v > 0));
create table c (id int constraint p_id_check check (id > 0), v int, own int);
--unsafe
unsupported c
drop_constraint c.p_v_check

--- a partition moves to a parent that has another primary key and the same foreign key
--old
create table r (id int primary key);
create table p (id int not null references r, at date not null, primary key (id, at)) partition by range (at);
create table q (id int not null references r, at date not null, primary key (at)) partition by range (at);
create table p1 partition of p for values from ('2020-01-01') to ('2021-01-01');
--data
insert into r values (1);
insert into p values (1, '2020-05-05');
--new
create table r (id int primary key);
create table p (id int not null references r, at date not null, primary key (id, at)) partition by range (at);
create table q (id int not null references r, at date not null, primary key (at)) partition by range (at);
create table p1 partition of q for values from ('2020-01-01') to ('2021-01-01');
--unsafe
unsupported p1

--- a value of a partition goes to a new one with its rows
--old
create table r (id int primary key);
create table p (id text, k int generated always as identity, v int, w int generated always as (v * 2) stored, r int references r, primary key (id, k)) partition by list (id);
create index on p (v);
create table p1 partition of p for values in ('a', 'b', null);
create table p2 partition of p for values in ('c');
create table other (id text, k int, foreign key (id, k) references p on delete cascade);
--data
insert into r values (1);
insert into p (id, r, v) values ('a', 1, 3), ('b', 1, 4), ('c', null, 5);
insert into other select id, k from p;
--new
create table r (id int primary key);
create table p (id text, k int generated always as identity, v int, w int generated always as (v * 2) stored, r int references r, primary key (id, k)) partition by list (id);
create index on p (v);
create table p1 partition of p for values in ('a', null);
create table p2 partition of p for values in ('c');
create table p3 partition of p for values in ('b');
create index p3_own on p3 (r);
create table other (id text, k int, foreign key (id, k) references p on delete cascade);
--unsafe
change_index p3.p3_own
unsupported p1
unsupported p3

--- a range with rows is split, its rows without a place go to the default partition
--old
create table p (id int, v int) partition by range (id);
create table p1 partition of p for values from (0) to (20);
create table pd partition of p default;
--data
insert into p values (1, 1), (11, 2), (16, 3), (17, null), (21, 3), (41, 4);
--new
create table p (id int, v int) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (15) to (30) partition by list (v);
create table p2a partition of p2 for values in (3);
create table p2d partition of p2 default;
create table pd partition of p default;
--unsafe
unsupported p1
unsupported p2
unsupported p2a
unsupported p2d

--- a hash partition with rows is split
--old
create table "the p" (id int primary key, v text) partition by hash (id);
create table p0 partition of "the p" for values with (modulus 2, remainder 0);
create table p1 partition of "the p" for values with (modulus 2, remainder 1);
--data
insert into "the p" select g, 'x' from generate_series(1, 100) g;
--new
create table "the p" (id int primary key, v text) partition by hash (id);
create table p0 partition of "the p" for values with (modulus 4, remainder 0);
create table p1 partition of "the p" for values with (modulus 2, remainder 1);
create table p2 partition of "the p" for values with (modulus 4, remainder 2);
--unsafe
unsupported p0
unsupported p2

--- rows of a partition that moves values to a new one are referred to in it
--old
create table p (id text primary key) partition by list (id);
create table p1 partition of p for values in ('a', 'b');
create table r (id text references p1 on delete cascade);
--data
insert into p values ('a'), ('b');
insert into r values ('a');
--new
create table p (id text primary key) partition by list (id);
create table p1 partition of p for values in ('a');
create table p3 partition of p for values in ('b');
create table r (id text references p1 on delete cascade);
--unsafe
unsupported p1
unsupported p3

--- two partitions with rows that others refer to become one
--old
create table p (id int, v int, primary key (id, v)) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20) partition by list (v);
create table p2a partition of p2 for values in (1, 2);
create table r (id int, v int, foreign key (id, v) references p on delete cascade);
--data
insert into p values (1, 1), (11, 2);
insert into r values (1, 1), (11, 2);
--new
create table p (id int, v int, primary key (id, v)) partition by range (id);
create table p1 partition of p for values from (0) to (20);
create table r (id int, v int, foreign key (id, v) references p on delete cascade);
--unsafe
drop_table p2
drop_table p2a
unsupported p1

--- a partition with rows that others refer to is replaced by two
--old
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (20);
create table r (id int references p);
--data
insert into p values (1), (11);
insert into r values (1), (11);
--new
create table p (id int primary key) partition by range (id);
create table pa partition of p for values from (0) to (10);
create table pb partition of p for values from (10) to (20);
create table r (id int references p);
--unsafe
drop_table p1
unsupported pa
unsupported pb

--- a partition gets another name and gives values to a new one
--old
create table p (id int) partition by range (id);
create table p1 partition of p for values from (0) to (20);
--data
insert into p values (1), (11);
--new
create table p (id int) partition by range (id);
create table p_old partition of p -- was: p1
  for values from (0) to (10);
create table p_new partition of p for values from (10) to (20);
--unsafe
rename_table p_old.p1
unsupported p_new
unsupported p_old

--- the default partition gives rows that others refer to
--old
create table p (id int primary key) partition by range (id);
create table pd partition of p default;
create table r (id int references p on delete cascade);
--data
insert into p values (1), (11);
insert into r values (1), (11);
--new
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table pd partition of p default;
create table r (id int references p on delete cascade);
--unsafe
unsupported p1

--- partitions go and leave while none of their rows is referred to
--old
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
create table p3 partition of p for values from (20) to (30) partition by range (id);
create table p31 partition of p3 for values from (20) to (25);
create table p32 partition of p3 for values from (25) to (30);
create table r (id int references p on delete cascade);
--data
insert into p values (1), (11), (21), (26);
insert into r values (1);
--new
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p3 partition of p for values from (20) to (30) partition by range (id);
create table p31 (id int primary key);
create table r (id int references p on delete cascade);
--unsafe
drop_table p2
drop_table p32
unsupported p31

--- a partition goes although its rows are referred to
--old
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
create table r (id int references p on delete cascade);
--data
insert into p values (1), (11);
insert into r values (1), (11);
--new
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table r (id int references p on delete cascade);
--unsafe
drop_table p2
--person

--- a partition leaves although its rows are referred to
--old
create table p (id int primary key, up int references p) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
--data
insert into p values (1, null), (11, 1), (2, 11);
--new
create table p (id int primary key, up int references p) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 (id int primary key, up int references p);
--unsafe
unsupported p2
--person

--- a partition leaves whose rows are referred to by what goes
--old
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
create table r (id int references p on delete cascade);
create table s (id int references p on delete cascade);
--data
insert into p values (1), (11);
insert into r values (1), (11);
insert into s values (11);
--new
create table p (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 (id int primary key);
create table s (id int);
--unsafe
drop_constraint s.s_id_fkey
drop_table r
unsupported p2

--- a partition has an index, a check and settings of its own on a column that may be a renamed one
--old
create table p (id int not null, before text) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
create table r (id int);
--data
insert into p values (1, 'a'), (11, 'b');
--new
create table p (id int not null, after text) partition by range (id);
create table p1 partition of p (after default 'x' not null, constraint ck check (after <> 'y')) for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
alter table p1 alter after set storage external;
alter table p1 alter after set statistics 77;
comment on column p1.after is 'own';
create unique index p1_after on p1 (after);
create table r (id int, p1 text references p1 (after));
--safe
add_column r.p1
--unsafe
change_constraint p1.ck
change_constraint r.r_p1_fkey
change_default p1.after
change_index p1.p1_after
rename_column p.before
set_not_null p1.after
unsupported p1.after

--- a partition has an index and settings of its own on a column that its rows have no value for
--old
create table p (id int not null) partition by range (id);
create table p1 partition of p for values from (0) to (10) partition by range (id);
create table p11 partition of p1 for values from (0) to (10);
--data
insert into p values (1);
--new
create table p (id int not null, v text not null) partition by range (id);
create table p1 partition of p for values from (0) to (10) partition by range (id);
create table p11 partition of p1 (v default 'q') for values from (0) to (10);
alter table p11 alter v set statistics 12;
create index p11_v on p11 (v);
--unsafe
add_not_null_column p.v
change_default p11.v
change_index p11.p11_v
unsupported p11.v
--person

--- a partition has settings of its own for a column whose values are computed for many rows
--old
create table p (id int not null) partition by range (id);
create table p1 partition of p for values from (0) to (100000);
--data
insert into p select g from generate_series(1, 20000) g; analyze p1; analyze p;
--new
create table p (id int not null, v timestamptz default clock_timestamp()) partition by range (id);
create table p1 partition of p (v default now()) for values from (0) to (100000);
alter table p1 alter v set statistics 12;
--unsafe
change_default p1.v
unsupported p.v
unsupported p1.v

--- partitions of a table with a new name and another name for its key give values to a new one
--old
create table p (id int, v text) partition by hash (id);
create table p0 partition of p for values with (modulus 1, remainder 0);
create table d (id int) partition by range (id);
create table dd partition of d default;
--data
insert into p select g, 'x' from generate_series(1, 20) g;
insert into d values (1), (20);
--new
create table q ( -- was: p
  n int, -- was: id
  v text) partition by hash (n);
create table p0 partition of q for values with (modulus 2, remainder 0);
create table p1 partition of q for values with (modulus 2, remainder 1);
create table d (n int -- was: id
) partition by range (n);
create table dd partition of d default;
create table d1 partition of d for values from (0) to (10);
--unsafe
rename_column d.id
rename_column q.id
rename_table q.p
unsupported d1
unsupported p0
unsupported p1

--- tables that allow nulls join parents that do not
--old
create table p (id int not null, at date not null, v text, primary key (id, at)) partition by range (at);
create index p_v on p (v);
create table x (id int, at date, v text);
create table a (id int not null);
create table c (id int, x int);
create table d () inherits (c);
create table f (id int, v text) partition by range (id);
create table q (id int not null, v text not null, primary key (id)) partition by range (id);
create table f1 partition of f for values from (0) to (10);
--data
insert into x values (1, '2020-01-01', 'a');
insert into c values (1, 3);
insert into d values (2, 3);
insert into f values (1, 'a');
--new
create table p (id int not null, at date not null, v text not null, primary key (id, at)) partition by range (at);
create index p_v on p (v);
create table x partition of p for values from ('2020-01-01') to ('2021-01-01');
create table a (id int not null);
create table c (x int) inherits (a);
create table d () inherits (c);
create table f (id int, v text) partition by range (id);
create table q (id int not null, v text not null, primary key (id)) partition by range (id);
create table f1 partition of q for values from (0) to (10);
--unsafe
set_not_null p.v
unsupported c
unsupported f1
unsupported x

--- a table becomes a partition although the default one has rows that belong in it
--old
create table p (id int) partition by range (id);
create table pd partition of p default;
create table x (id int);
--data
insert into p values (1), (20);
insert into x values (5);
--new
create table p (id int) partition by range (id);
create table pd partition of p default;
create table x partition of p for values from (0) to (10);
--unsafe
unsupported x
--person

--- a default partition with parts of its own gives rows to a new one
--old
create table p (id int, k int) partition by range (id);
create table pd partition of p default partition by list (k);
create table pd1 partition of pd for values in (1);
create table pdd partition of pd default;
--data
insert into p values (1, 1), (12, 2), (25, 3), (99, 1);
--new
create table p (id int, k int) partition by range (id);
create table p1 partition of p for values from (0) to (15);
create table pd partition of p default partition by list (k);
create table pd1 partition of pd for values in (1);
create table pd3 partition of pd for values in (3);
create table pdd partition of pd default;
--unsafe
unsupported p1
unsupported pd3

--- a partition leaves while its parent loses the key that rows are referred to by
--old
create table p (id int not null, k int, unique (id)) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table r (id int references p (id));
--data
insert into p values (1, 1);
insert into r values (1);
--new
create table p (id int not null, k int) partition by range (id);
create table p1 (id int not null, k int);
create table r (id int);
--unsafe
drop_constraint p.p_id_key
drop_constraint p1.p1_id_key
drop_constraint r.r_id_fkey
unsupported p1

--- a partition moves to a parent and takes the place of one that goes
--old
create table p (id int primary key) partition by range (id);
create table q (id int primary key) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table q1 partition of q for values from (0) to (10);
create table r (id int references p);
--data
insert into p values (1);
insert into q values (2);
--new
create table p (id int primary key) partition by range (id);
create table q (id int primary key) partition by range (id);
create table p1 partition of q for values from (0) to (10);
create table r (id int references p);
--unsafe
drop_table q1
unsupported p1
