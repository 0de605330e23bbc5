import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeTarget, maskUrl, parseDatabaseUrl } from "../../../src/postgres/url.js";

describe("a database URL", () => {
  test.each([
    ["postgres://app:p@db.example:6432/tasks", "db.example:6432/tasks as app"],
    ["postgresql://app@db.example/tasks", "db.example:5432/tasks as app"],
    ["postgresql://app@[::1]:5433/tasks", "[::1]:5433/tasks as app"],
    ["postgresql://app@/tasks?host=/run/postgresql", "/run/postgresql:5432/tasks as app"],
    ["postgresql://app@%2Frun%2Fpostgresql/tasks", "/run/postgresql:5432/tasks as app"],
    ["socket://app:p@/run/postgresql?db=tasks", "/run/postgresql:5432/tasks as app"],
    ["postgresql://app@db/tasks?host=other&port=7000", "other:7000/tasks as app"],
    ["postgresql://app@db/t%C3%BCr", "db:5432/tür as app"],
  ])("%s leads to %s", (url, where) => {
    expect(describeTarget(parseDatabaseUrl(url))).toBe(where);
  });

  test("keeps any password that was percent-encoded, and never shows it", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (password) => {
        const secret = `s3cr3t${password}`;
        const url = `postgresql://app:${encodeURIComponent(secret)}@db/tasks?sslmode=disable`;
        const target = parseDatabaseUrl(url);
        expect(target.password).toBe(secret);
        expect(describeTarget(target)).not.toContain("s3cr3t");
        expect(maskUrl(url)).toBe("postgresql://app:***@db/tasks?sslmode=disable");
      }),
    );
  });

  test.each([
    ["mysql://root:s3cr3t@db/tasks", "begins with mysql:"],
    ["jdbc:postgresql://db/tasks?password=s3cr3t", "begins with jdbc:"],
    ["tasks", "no postgresql:// in front"],
    ["", "no postgresql:// in front"],
    ["postgresql://app:s3cr3t#1@db/tasks", "percent-encode"],
    ["postgresql://app:s3cr3t/1@db/tasks", "percent-encode"],
    ["postgresql://app:s3cr3t%c3%28@db/tasks", "percent-encode"],
    ["postgresql://app:s3cr3t@db:70000/tasks", "percent-encode"],
    ["postgresql://app:s3cr3t@db/tasks?port=x", "port"],
    ["postgresql://app:s3cr3t@db/tasks?sslrootcert=/not/there", "certificate file"],
  ])("%s is refused, without its secret", (url, telling) => {
    const refused = () => parseDatabaseUrl(url);
    expect(refused).toThrow(telling);
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({ code: "CONFIG_INVALID", exitStatus: 78 });
      expect(inspect(error)).not.toContain("s3cr3t");
    }
  });
});

describe("masking", () => {
  test.each([
    ["postgresql://app:a@b:c/d@db/tasks", "postgresql://app:***@db/tasks"],
    ["postgresql://app@db/tasks", "postgresql://app@db/tasks"],
    [
      "postgresql://db/tasks?user=app&password=p&sslmode=disable",
      "postgresql://db/tasks?user=app&password=***&sslmode=disable",
    ],
    ["postgresql://app:p#q@db/tasks", "postgresql://app:***@db/tasks"],
    ["postgresql://app:p?q@db/tasks", "postgresql://app:***@db/tasks"],
    ["no url at all", "no url at all"],
  ])("%s becomes %s", (url, masked) => expect(maskUrl(url)).toBe(masked));
});

function inspect(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.stack, JSON.stringify(error), inspect(error.cause ?? "")].join("\n");
}
