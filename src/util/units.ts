/** Durations (`250ms`, `30s`, `5m`, `1h`) and sizes (`512MB`, `2GiB`) of configuration, both ways. */

const DURATION = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const SIZE = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

function parseUnit(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const [, digits, unit] = match ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}

/** Milliseconds, or null when `text` is not a duration. `0` needs no unit. */
export function parseDuration(text: string): number | null {
  return text.trim() === "0" ? 0 : parseUnit(text, DURATION);
}

/** Bytes, or null when `text` is not a size. `0` needs no unit. */
export function parseSize(text: string): number | null {
  const bytes = text.trim() === "0" ? 0 : parseUnit(text, SIZE);
  return bytes === null ? null : Math.round(bytes);
}

const DAY_MS = 86_400_000;

/** `950ms`, `2.5s`, `3m 20s`, `1h 5m`, `9d 4h`: as short as reads well. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Number(ms.toPrecision(3))}ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))}s`;
  const [large, small, unit, part] =
    ms < 3_600_000
      ? [60_000, 1_000, "m", "s"]
      : ms < 2 * DAY_MS
        ? [3_600_000, 60_000, "h", "m"]
        : [DAY_MS, 3_600_000, "d", "h"];
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms - whole * large) / small);
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit} ${rest}${part}`;
}

/** `512 B`, `1.5 MB`, `2.1 GB`: decimal units, two digits. */
export function formatSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1_000;
    at += 1;
  }
  return `${at === 0 ? Math.round(value) : Number(value.toPrecision(value >= 100 ? 3 : 2))} ${units[at] ?? ""}`;
}
