/**
 * Node.js 20 has no `navigator`. The database driver then makes a fetch Response to find out where it
 * runs, which loads an HTTP client: 18 ms of each command, a tenth of its start.
 */
if (!("navigator" in globalThis)) {
  const [major = ""] = process.versions.node.split(".");
  Object.defineProperty(globalThis, "navigator", {
    value: { userAgent: `Node.js/${major}` },
    configurable: true,
  });
}
