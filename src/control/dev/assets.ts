/** The page's own files. Names are looked up in a fixed list, so no path leads anywhere else. */
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";

const FOLDER = new URL("../page/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const FILES: ReadonlySet<string> = new Set([
  "index.html",
  "page.css",
  "icon.svg",
  "main.js",
  "dom.js",
  "api.js",
  "store.js",
  "charts.js",
  "format.js",
  "actions.js",
  "overview.js",
  "migrations.js",
  "configuration.js",
  "log.js",
  "problem.js",
  "revisions.js",
  "vendor/uPlot.esm.js",
  "vendor/uPlot.min.css",
]);

/** Nothing inline, nothing from elsewhere, in no frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const isAsset = (name: string): boolean => FILES.has(name);

export function sendAsset(response: ServerResponse, name: string): void {
  const body = readFileSync(new URL(name, FOLDER));
  response.writeHead(200, {
    "content-type": TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
    "content-length": body.length,
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
  });
  response.end(body);
}
