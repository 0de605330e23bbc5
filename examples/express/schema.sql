-- The desired state. `supervise` creates what is missing and reports what it would not dare to do.

CREATE TYPE task_status AS ENUM ('open', 'doing', 'done');

CREATE TABLE project (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 80),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE person (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL
);

CREATE UNIQUE INDEX person_email_key ON person (lower(email));

CREATE TABLE task (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id bigint NOT NULL REFERENCES project (id) ON DELETE CASCADE,
  assignee_id bigint REFERENCES person (id) ON DELETE SET NULL,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  status task_status NOT NULL DEFAULT 'open',
  due date,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX task_project_status_idx ON task (project_id, status);
CREATE INDEX task_assignee_idx ON task (assignee_id);
CREATE INDEX task_due_open_idx ON task (due) WHERE status <> 'done';

CREATE TABLE comment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_id bigint NOT NULL REFERENCES task (id) ON DELETE CASCADE,
  body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX comment_task_idx ON comment (task_id);
