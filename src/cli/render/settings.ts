/** The effective settings, as a table and as JSON. */
import pc from "picocolors";
import type { ResolvedConfig, Setting } from "../../config/load.js";
import { describeOrigin, type Origin } from "../../config/origin.js";
import { renderTable } from "./table.js";

export interface SettingDocument {
  key: string;
  /** As dazzle.toml spells it; null when unset; secrets masked. */
  value: unknown;
  /** For people: `env PORT`, `dazzle.toml:7 [app]`. */
  origin: string;
  /** For programs: `flag`, `variable`, `dotenv`, `file`, `profile` or `default`. */
  layer: Origin["layer"];
}

export const settingDocument = ({ key, value, origin }: Setting): SettingDocument => ({
  key,
  value,
  origin: describeOrigin(origin),
  layer: origin.layer,
});

export function settingsDocument({ config, settings }: ResolvedConfig): object {
  const { env, file, root } = config;
  return { env, file, root, settings: settings.map(settingDocument) };
}

/** A value by itself, ready for a shell; nothing when it is unset. */
export function renderValue(value: unknown): string {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What was chosen stands out from profiles and defaults. */
export function renderSettings({ config, settings }: ResolvedConfig, colour: boolean): string {
  const paint = pc.createColors(colour);
  const rows = settings.map((setting) => {
    const { origin } = setting;
    const chosen = origin.layer !== "default" && origin.layer !== "profile";
    const value = setting.value === null ? "(unset)" : renderValue(setting.value);
    const cells = [setting.key, value, describeOrigin(origin)];
    return chosen ? cells : cells.map((cell) => paint.dim(cell));
  });
  const columns = ["SETTING", "VALUE", "FROM"].map((title) => ({ title: paint.bold(title) }));
  const file = config.file ?? `no dazzle.toml, project in ${config.root}`;
  return `${file}\n\n${renderTable(columns, rows)}\n`;
}
