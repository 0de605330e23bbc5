/** A headless Chromium, and pages in it that must not complain. */
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

const PLACES = [
  process.env["CHROMIUM_PATH"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  chromium.executablePath(),
];

/** Null where this machine has none; the tests then say so. */
export const CHROMIUM = PLACES.find((path) => path !== "" && existsSync(path)) ?? null;
export const REASON =
  CHROMIUM === null ? " (skipped: no Chromium on this machine, set CHROMIUM_PATH)" : "";

// Run by root, as in a container, Chromium can't set up its sandbox.
export const openBrowser = (args: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM ?? "",
    args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), ...args],
  });

/** A page; whatever it complains of in its console fails the test, but for `allowed`. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
  allowed: RegExp = /^$/,
): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !allowed.test(message.text()))
      complaints.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  return page;
}
