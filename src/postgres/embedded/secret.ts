/** What is kept between starts beside the data: how to connect. */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { giveToOwner, type Place } from "./place.js";
import { attempt } from "./run.js";

export interface Secret {
  readonly password: string;
  /** 0 = none yet. */
  readonly port: number;
}

/** A new password: 144 random bits that need no encoding in a URL. */
export function newPassword(): string {
  return randomBytes(18).toString("base64url");
}

/** Null when there is none or it cannot be understood. */
export async function readSecret(place: Place): Promise<Secret | null> {
  const text = await attempt(() => readFile(place.secret, "utf8"));
  const found = text === null ? null : parse(text);
  if (typeof found !== "object" || found === null) return null;
  if (!("password" in found && "port" in found)) return null;
  const { password, port } = found;
  if (typeof password !== "string" || password === "" || typeof port !== "number") return null;
  return { password, port };
}

/** Readable by its owner only, and never half-written. */
export async function writeSecret(place: Place, secret: Secret): Promise<void> {
  const aside = `${place.secret}.${randomBytes(6).toString("hex")}`;
  await writeFile(aside, `${JSON.stringify(secret)}\n`, { flag: "wx", mode: 0o600 });
  await giveToOwner(aside, place.home);
  await rename(aside, place.secret);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
