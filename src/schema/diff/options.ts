/** Storage parameters and the like. */

/** ALTER ... SET and RESET from one list of storage parameters to another. */
export function setOptions(head: string, from: readonly string[], to: readonly string[]): string[] {
  const nameOf = (option: string): string => option.slice(0, option.indexOf("="));
  const kept = new Set(to.map(nameOf));
  const gone = from.map(nameOf).filter((name) => !kept.has(name));
  const fresh = to.filter((option) => !from.includes(option));
  return [
    ...(gone.length > 0 ? [`${head} RESET (${gone.join(", ")})`] : []),
    ...(fresh.length > 0 ? [`${head} SET (${fresh.join(", ")})`] : []),
  ];
}
