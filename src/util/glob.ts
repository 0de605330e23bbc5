/** File patterns: `*` and `?` within a name, `**` for any folders. Node has its own from 22 on. */

export const isPattern = (path: string): boolean => /[*?]/.test(path);

/** The pattern as an expression that matches whole paths with `/` between the parts. */
export function globToRegExp(pattern: string): RegExp {
  const source = pattern
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => {
      if (part === "**/") return "(?:[^/]+/)*";
      if (part === "**") return ".*";
      if (part === "*") return "[^/]*";
      return part === "?" ? "[^/]" : part.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
    })
    .join("");
  return new RegExp(`^${source}$`);
}
