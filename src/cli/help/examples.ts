/** Examples for the help of every command, by the command's path. */

/** What is typed after `supervise`, and what it is for. */
export type Example = readonly [typed: string, meaning: string];

export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  serve: [
    ["", "run the application that dazzle.toml names"],
    ["server.js --workers auto", "any script that listens, one worker for each half CPU"],
    ["--local", "development on loopback with the embedded PostgreSQL"],
    ["--control-port 9000", "with health, metrics and, in development, the page at /dazzle/dev/"],
    ["--env production --no-migrate", "production, where a release phase has migrated"],
  ],
  status: [
    ["status", "workers, pool, waits, migrations of the running supervisor"],
    ["status --watch", "the same, refreshed each second"],
    ["status --json", "for scripts: supervise status --json | jq .pool.waiting"],
  ],
  reload: [
    ["reload", "replace the workers one by one, losing no request"],
    ["reload --parallel 2", "two at a time"],
  ],
  scale: [["scale 4", "run four workers from now on"]],
  stop: [["stop", "finish what is in flight, then end"]],
  top: [["top", "live view; r reloads, + and - scale, q quits"]],
  validate: [
    ["validate", "dazzle.toml, the pin, schema, revisions and entry; for CI"],
    ["validate --database", "the schema against the database too"],
  ],
  config: [
    ["config", "every setting, its value and where it came from"],
    ["config --env production", "as production would have it"],
  ],
  doctor: [["doctor", "what this machine and this database would make of the configuration"]],
  migrate: [
    ["migrate --dry-run", "the plan: what would be applied, what is left to you"],
    ["migrate", "apply the safe changes now; the release phase of a Procfile"],
    ["migrate --dry-run --detailed-exitcode", "exit 2 when a change is outstanding; for CI"],
  ],
  db: [
    ['db revision -m "rename name to title"', "a revision file to fill in"],
    ["db upgrade", "run the pending revisions"],
    ["db current", "where the database is"],
  ],
  "db revision": [
    ['db revision -m "rename name to title"', "an empty revision file"],
    ['db revision --autogenerate -m "drop old columns"', "filled from the unsafe part of the plan"],
  ],
  "db upgrade": [
    ["db upgrade", "run every pending revision"],
    ["db upgrade 20261122101500", "up to this one"],
    ["db upgrade --sql", "print the statements instead"],
  ],
  "db downgrade": [
    ["db downgrade", "undo the last revision"],
    ["db downgrade 20261122101500", "undo down to this one"],
  ],
  "db current": [["db current", "the revision that the database is at"]],
  "db history": [["db history", "every revision, applied or pending"]],
  "db stamp": [["db stamp head", "mark all as run without running them, for an adopted database"]],
  "db verify": [["db verify", "schema and checksums against the database; exit 2 on differences"]],
  "db slow": [["db slow", "the slowest queries, from pg_stat_statements"]],
  "db advise": [["db advise", "indexes and pool sizes worth a thought"]],
  backup: [
    ["backup create", "backup-{project}-{time}.tar.gz"],
    ["backup verify --from FILE", "every checksum"],
    ["backup restore --from FILE --dry-run", "what a restore would do"],
  ],
  "backup create": [
    ["backup create", "database, uploads and metadata in one archive"],
    ["backup create --output /srv/backups/nightly.tar.gz", "under this name"],
    ["backup create --output - | ssh host 'cat > backup.tar.gz'", "as a stream"],
    ["backup create --data-only --dry-run", "what would be in it, without uploads"],
  ],
  "backup restore": [
    ["backup restore --from backup.tar.gz --dry-run", "check it against this database"],
    ["backup restore --from backup.tar.gz", "into an empty database"],
    ["backup restore --from backup.tar.gz --force --yes", "replace what is there, unasked"],
  ],
  "backup list": [["backup list", "the archives of this project, newest first"]],
  "backup verify": [
    ["backup verify --from backup.tar.gz", "every member's checksum"],
    ["backup verify --from backup.tar.gz --deep", "restored into a scratch database as well"],
  ],
  "backup prune": [["backup prune --keep 7", "delete all but the newest seven"]],
  init: [
    ["init", "in the folder of an application, or in an empty one"],
    ["init --from-database", "schema.sql from the database of DATABASE_URL"],
    ["init --force", "write the files anew"],
  ],
  deploy: [
    ["deploy docker", "Dockerfile, .dockerignore and compose.yaml"],
    ["deploy kubernetes --dry-run", "print the manifests and write nothing"],
    ["deploy systemd --force", "service, socket and backup units, written anew"],
    ["deploy heroku --env staging", "Procfile and app.json as staging is configured"],
  ],
  fleet: [["fleet", "every supervisor that shares this database"]],
  completion: [
    ["completion bash > /etc/bash_completion.d/supervise", "bash"],
    ["completion zsh > ~/.zfunc/_supervise", "zsh; ~/.zfunc must be in fpath"],
    ["completion fish > ~/.config/fish/completions/supervise.fish", "fish"],
  ],
  help: [
    ["help", "commands and topics"],
    ["help migrations", "a topic"],
    ["help backup create", "a command"],
  ],
};
