/** The findings of a check, one a line, worst last, so that it stays in sight. */
import pc from "picocolors";
import type { Finding, Severity } from "../validate/finding.js";

const ORDER: readonly Severity[] = ["ok", "warning", "error"];

export function renderFindings(findings: readonly Finding[], colour: boolean): string {
  const paint = pc.createColors(colour);
  const marks = {
    ok: paint.green("ok     "),
    warning: paint.yellow("warning"),
    error: paint.red("error  "),
  };
  const widest = Math.max(...findings.map(({ check }) => check.length));
  const lines = ORDER.flatMap((severity) =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ check, message, where, remedy }) => {
        const place = where === null ? "" : ` (${where})`;
        const advice = remedy === null ? "" : `: ${remedy}`;
        return `${marks[severity]}  ${check.padEnd(widest)}  ${message}${place}${advice}`;
      }),
  );
  return `${lines.join("\n")}\n`;
}

export function findingsDocument(findings: readonly Finding[]): object {
  const count = (severity: Severity) =>
    findings.filter((finding) => finding.severity === severity).length;
  return {
    valid: count("error") === 0,
    errors: count("error"),
    warnings: count("warning"),
    findings: findings.map(({ severity, check, message, where, remedy }) => ({
      severity,
      check,
      message,
      where,
      remedy,
    })),
  };
}
