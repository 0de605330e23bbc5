/** Takes `metadata.json` apart, field by field; says which field is not as it must be. */
import { FORMAT_VERSION, type Metadata } from "./metadata.js";

/** What is wrong with it. */
export class MetadataRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MetadataRefusal";
  }
}

type Fields = Readonly<Record<string, unknown>>;
type Reader<T> = (value: unknown, at: string) => T;

function refuse(at: string, wanted: string): never {
  throw new MetadataRefusal(`metadata.json: ${at} is not ${wanted}`);
}

const text: Reader<string> = (value, at) =>
  typeof value === "string" && !value.includes("\0") ? value : refuse(at, "a text");

const count: Reader<number> = (value, at) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(at, "a count");

const flag: Reader<boolean> = (value, at) =>
  typeof value === "boolean" ? value : refuse(at, "true or false");

const fields: Reader<Fields> = (value, at) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...value }
    : refuse(at, "an object");

const digits: Reader<string> = (value, at) =>
  typeof value === "string" && /^-?\d{1,20}$/.test(value) ? value : refuse(at, "a whole number");

const hash: Reader<string> = (value, at) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value : refuse(at, "a SHA-256");

function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, at) => (value === null ? null : read(value, at));
}

function list<T>(read: Reader<T>): Reader<T[]> {
  return (value, at) =>
    Array.isArray(value)
      ? value.map((item, index) => read(item, `${at}[${index}]`))
      : refuse(at, "a list");
}

function oneOf<T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, at) =>
    allowed.find((item) => item === value) ?? refuse(at, `one of ${allowed.join(", ")}`);
}

/** Reads the fields of `shape` out of an object. */
function object<T extends object>(shape: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T>;
function object(shape: Readonly<Record<string, Reader<unknown>>>): Reader<unknown> {
  return (value, at) => {
    const found = fields(value, at);
    return Object.fromEntries(
      Object.entries(shape).map(([key, read]) => [key, read(found[key], `${at}.${key}`)]),
    );
  };
}

const metadata = object<Metadata>({
  format_version: count,
  project: text,
  framework: text,
  framework_version: nullable(text),
  timestamp: text,
  written_by: text,
  engine: oneOf("pg_dump", "copy"),
  pg_dump_version: nullable(text),
  database: object({ name: text, namespace: text, encoding: text, server_version: text }),
  revision: nullable(text),
  schema_fingerprint: text,
  tables: list(
    object({
      schema: text,
      name: text,
      rows: count,
      columns: list(object({ name: text, type: text })),
      condition: text,
      member: nullable(text),
    }),
  ),
  sequences: list(object({ schema: text, name: text, lastValue: digits, called: flag })),
  materialized_views: list(object({ schema: text, name: text, populated: flag })),
  large_objects: object({ count }),
  uploads: nullable(object({ files: count, folders: count, bytes: count })),
  sizes: object({ database: count, uploads: count, total: count }),
  members: list(object({ path: text, size: count, sha256: hash })),
  patched_headers: list(count),
  left_out: list(object({ name: text, reason: text })),
  warnings: list(text),
});

/**
 * How deep, and in how many parts. Small enough that the memory which a hostile document takes stays
 * within some tens of megabytes; 8 MiB of real metadata have fewer (a column takes a container and two
 * commas in 26 bytes at least).
 */
const DEEPEST = 8;
const MOST_CONTAINERS = 400_000;
const MOST_COMMAS = 1_000_000;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Behind the string whose first byte stands at `at`. */
function afterString(bytes: Buffer, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  return end + 1;
}

/** Before anything is built from it: a few bytes of JSON can become many of memory. */
function refuseSprawl(bytes: Buffer): void {
  let [depth, containers, commas] = [0, 0, 0];
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    at = byte === QUOTE ? afterString(bytes, at + 1) : at + 1;
    if (byte === COMMA) commas += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    else if (OPENING.has(byte)) {
      depth += 1;
      containers += 1;
    }
    if (depth > DEEPEST || containers > MOST_CONTAINERS || commas > MOST_COMMAS) {
      throw new MetadataRefusal("metadata.json has more parts than any backup");
    }
  }
}

/** @throws MetadataRefusal */
export function parseMetadata(bytes: Buffer): Metadata {
  refuseSprawl(bytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw new MetadataRefusal("metadata.json is not JSON");
    }
    throw error;
  }
  const version = fields(value, "the document")["format_version"];
  if (typeof version === "number" && version > FORMAT_VERSION) {
    throw new MetadataRefusal(
      `it has the format version ${version}, this program reads up to ${FORMAT_VERSION}: upgrade it`,
    );
  }
  const found = metadata(value, "the document");
  refuseHeaders(found);
  return found;
}

/** Each corrected header belongs to a member of its own, and they stand in the order of the file. */
function refuseHeaders({ patched_headers: headers, members }: Metadata): void {
  const ascending = headers.every((at, index) => index === 0 || at > (headers[index - 1] ?? 0));
  if (headers.length > members.length || !ascending) {
    throw new MetadataRefusal("metadata.json names headers that cannot be");
  }
}
