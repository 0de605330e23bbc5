/** Names of backups: `backup-{project}-{yyyymmdd-hhmmss}.tar.gz`, in UTC. */

function safe(project: string): string {
  return project.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "project";
}

function stamp(time: Date): string {
  return time
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replace(/[-:]/g, "")
    .replace("T", "-");
}

export function backupName(project: string, time: Date): string {
  return `backup-${safe(project)}-${stamp(time)}.tar.gz`;
}

/** The time in a name that `backupName` made for `project`; null for any other name. */
export function backupTime(name: string, project: string): Date | null {
  const prefix = `backup-${safe(project)}-`;
  if (!name.startsWith(prefix)) return null;
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)\.tar\.gz$/.exec(name.slice(prefix.length));
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const time = new Date(
    Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour ?? 0, minute ?? 0, second ?? 0),
  );
  return backupName(project, time) === name ? time : null;
}
