// The layers of architecture.json as import rules: a folder imports its own files and lower layers.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const { layers, pure } = JSON.parse(readFileSync(join(__dirname, "architecture.json"), "utf8"));

const pathOf = (room) =>
  room.endsWith(".ts") ? `^src/${room.replace(".", "\\.")}$` : `^src/${room}/`;
const globToPattern = (glob) =>
  `^${glob
    .replace(/[.]/g, "\\.")
    .replace("/**", "/.+")
    .replace(/(^|[^.])\*/g, "$1[^/]*")}$`;

/** What a room of this layer must not import: every room above it, and its siblings. */
const forbiddenTo = (room, level) => [
  ...layers.slice(0, level).flat(),
  ...layers[level].filter((sibling) => sibling !== room),
];

const upward = layers.flatMap((rooms, level) =>
  rooms
    .map((room) => ({
      name: `layer-${room.replace(".ts", "")}`,
      severity: "error",
      comment: `src/${room} may import itself and the layers below it only`,
      from: { path: pathOf(room) },
      to: { path: forbiddenTo(room, level).map(pathOf) },
    }))
    // An empty list of paths would match every path: the topmost room has nothing above it.
    .filter((rule) => rule.to.path.length > 0),
);

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "every-file-has-a-layer",
      severity: "error",
      comment: "a new room needs a place in architecture.json",
      from: { path: "^src/", pathNot: layers.flat().map(pathOf) },
      to: {},
    },
    {
      name: "pure-imports-pure",
      severity: "error",
      comment: "a pure file imports pure files and types only",
      from: { path: pure.map(globToPattern) },
      to: {
        pathNot: [...pure.map(globToPattern), "(^|/)node_modules/"],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "internals-never-import-the-public-api",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/index\\.ts$" },
      to: { path: "^src/index\\.ts$" },
    },
    ...upward,
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js"], exportsFields: ["exports"] },
  },
};
