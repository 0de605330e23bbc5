/** The version of this very program, from its own package.json. */
import { readFileSync } from "node:fs";

const PACKAGE = new URL("../../package.json", import.meta.url);

/** The product's version; read once. */
export function productVersion(): string {
  known ??= versionIn(readFileSync(PACKAGE, "utf8"));
  return known;
}

let known: string | undefined;

function versionIn(text: string): string {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null && "version" in value
    ? String(value.version)
    : "0.0.0";
}
