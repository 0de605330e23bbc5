/** The `.env` file of development: read beside dazzle.toml, below the real environment. */
import { parseEnv } from "node:util";
import type { Problem } from "./problem.js";
import type { Profile } from "./profile.js";

export interface Dotenv {
  /** The file as messages name it. */
  readonly name: string;
  readonly values: Readonly<Record<string, { readonly value: string; readonly line: number }>>;
}

const NAME = /^[A-Za-z_][\w.-]*$/;

export function parseDotenv(text: string, name: string): Dotenv {
  const bare = text.replace(/^\ufeff/, "");
  const lines = bare.split(/\r?\n/);
  // Some versions of Node make a name of a line that is none.
  const read = Object.entries(parseEnv(bare)).filter(([variable]) => NAME.test(variable));
  const values = read.map(([variable, value = ""]) => {
    // The last one wins, as in the parser.
    const at = lines.findLastIndex(
      (line) => /^\s*(?:export\s+)?([^=\s]+)\s*=/.exec(line)?.[1] === variable,
    );
    return [variable, { value, line: at + 1 }] as const;
  });
  return { name, values: Object.fromEntries(values) };
}

/**
 * `.env` is read only once the environment is known to be development, so it cannot choose another
 * one. Where nobody else has chosen, one that tries to is an error: otherwise the program would run
 * in development while the file says production.
 */
export function checkDotenv(dotenv: Dotenv, profile: Profile): Problem[] {
  const written = dotenv.values["DAZZLE_ENV"];
  if (written === undefined || written.value === "development") return [];
  if (profile.origin.layer !== "default") return [];
  return [
    {
      code: "CONFIG_INVALID",
      what: `DAZZLE_ENV=${JSON.stringify(written.value)} has no effect here: .env is read in development only`,
      where: `${dotenv.name}:${written.line}`,
      remedy: "set DAZZLE_ENV in the environment or use --env NAME, and remove it from .env",
    },
  ];
}
