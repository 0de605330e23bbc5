/** What the definition of a setting holds. */
import type { Environment } from "../config.js";
import type { ConfigFlags } from "../flags.js";
import type { Kind } from "../kinds.js";

export interface Option<T> {
  /** `section.key`, as dazzle.toml spells it. */
  readonly key: string;
  readonly kind: Kind<T>;
  /** One value, or one for each profile. */
  readonly default: T | ByProfile<T>;
  /** What the default is when it is worked out from the project; documentation. */
  readonly defaultNote?: string;
  readonly variable?: string;
  readonly flag?: Flag;
  /** Hidden wherever settings are shown: the whole value, or the passwords in a URL. */
  readonly secret?: "whole" | "url";
  /** Profiles in which `true` is refused, in every layer. */
  readonly neverIn?: readonly Environment[];
  /** What it means, in sentences. */
  readonly doc: string;
  /** As dazzle.toml spells it. */
  readonly example: string;
}

/** A default that depends on the profile. */
export interface ByProfile<T> {
  readonly profile: Readonly<Record<Environment, T>>;
}

export function isByProfile<T>(value: T | ByProfile<T>): value is ByProfile<T> {
  return typeof value === "object" && value !== null && "profile" in value;
}

export interface Flag {
  /** As typed; with a `--no-` form, the one that says true. */
  readonly name: string;
  readonly read: (flags: ConfigFlags) => string | boolean | undefined;
}

export const byProfile = <T>(development: T, staging: T, production: T): ByProfile<T> => ({
  profile: { development, staging, production },
});

export function option<T>(definition: Option<T>): Option<T> {
  return definition;
}
