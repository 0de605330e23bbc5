/** A database of its own for each test file, on the run's server. */
import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { quoteIdentifier } from "../../src/postgres/quote.js";
import { openSession, type Session } from "../../src/postgres/session.js";

export interface TestDatabase {
  /** A superuser's URL. */
  readonly url: string;
  readonly name: string;
  /** Ends every connection to it and drops it. */
  drop(): Promise<void>;
}

/** The test server's URL with another database, and other credentials where given. */
export function urlOf(
  database: string,
  as?: { readonly user: string; readonly password: string },
): string {
  const url = new URL(inject("serverUrl"));
  url.pathname = `/${encodeURIComponent(database)}`;
  if (as !== undefined) {
    url.username = encodeURIComponent(as.user);
    url.password = encodeURIComponent(as.password);
  }
  return url.href;
}

/** Runs statements on the server's maintenance database, as superuser. */
export async function onServer(...statements: readonly string[]): Promise<void> {
  const session = await openSession(inject("serverUrl"), { applicationName: "test/setup" });
  try {
    for (const statement of statements) await session.query(statement);
  } finally {
    await session.end();
  }
}

export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await onServer(`create database ${quoteIdentifier(name)}`);
  return {
    url: urlOf(name),
    name,
    drop: () => onServer(`drop database if exists ${quoteIdentifier(name)} with (force)`),
  };
}

/** A superuser's session on `url`; the caller ends it. */
export function connect(url: string, applicationName = "test/session"): Promise<Session> {
  return openSession(url, { applicationName });
}
