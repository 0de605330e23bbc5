/** The nearest of a list of setting names: what "did you mean" says. */
import { nearest as nearestByEdits } from "../util/nearest.js";

/** Small and capital letters, hyphens, underscores and dots count as the same. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_.\s]/g, "");

/** Longer ones are no typing errors, and comparing them would take long. */
const LONGEST = 60;

/** Another spelling (`maxRestarts`), then a beginning (`prod`), then the fewest typing errors. */
export function nearest(written: string, names: readonly string[]): string | null {
  if (written.length > LONGEST) return null;
  const word = plain(written);
  const same = names.find((name) => plain(name) === word);
  const longer = names.find(
    (name) => word.length >= 3 && (plain(name).startsWith(word) || word.startsWith(plain(name))),
  );
  return same ?? longer ?? nearestByEdits(written, names);
}
