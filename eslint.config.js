import { readFileSync } from "node:fs";
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** @type {{ pure: string[] }} */
const { pure } = JSON.parse(readFileSync(new URL("./architecture.json", import.meta.url), "utf8"));

export default defineConfig(
  {
    ignores: [
      "dist/**",
      "node_modules/**",
      "test/fixtures/**",
      "examples/**",
      ".dazzle/**",
      "**/*.cjs",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "no-empty": ["error", { allowEmptyCatch: false }],
      "@typescript-eslint/no-unsafe-type-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/strict-boolean-expressions": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.object.name='process'][callee.property.name='exit']",
          message: "set an exit status in one place: src/cli/exit.ts or the worker's own end",
        },
      ],
    },
  },
  {
    files: ["**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    // tsc checks these files too (checkJs); it knows the globals better.
    rules: { "no-restricted-syntax": "off", "no-undef": "off" },
  },
  {
    files: pure,
    rules: {
      "no-restricted-globals": [
        "error",
        ...[
          "process",
          "console",
          "setTimeout",
          "setInterval",
          "setImmediate",
          "fetch",
          "performance",
          "Buffer",
        ].map((name) => ({ name, message: "this file is pure: pass it in" })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "this file is pure: pass the time in" },
        { object: "Math", property: "random", message: "this file is pure: pass randomness in" },
      ],
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: ["node:*", "pg", "pino", "chokidar", "commander"],
              message: "this file is pure",
            },
          ],
        },
      ],
    },
  },
);
