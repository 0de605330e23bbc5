/** Where a setting's value came from. */
import type { Environment } from "./config.js";

export type Origin =
  | { readonly layer: "flag"; readonly flag: string }
  | { readonly layer: "variable"; readonly variable: string }
  | {
      readonly layer: "dotenv";
      readonly variable: string;
      readonly file: string;
      readonly line: number;
    }
  | {
      readonly layer: "file";
      /** `[pool]`, `[env.production.pool]`. */
      readonly section: string;
      readonly file: string;
      readonly line: number;
    }
  | { readonly layer: "profile"; readonly env: Environment }
  | {
      readonly layer: "default";
      /** What the default was derived from, such as `package.json`; null for a fixed one. */
      readonly from: string | null;
    };

/** The origin as people read it: `flag --port`, `env PORT`, `dazzle.toml:7 [app]`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.layer) {
    case "flag":
      return `flag ${origin.flag}`;
    case "variable":
      return `env ${origin.variable}`;
    case "dotenv":
      return `${origin.file}:${origin.line} ${origin.variable}`;
    case "file":
      return `${origin.file}:${origin.line} ${origin.section}`;
    case "profile":
      return `profile ${origin.env}`;
    case "default":
      return origin.from === null ? "default" : `default (${origin.from})`;
  }
}
