/**
 * Limits of control groups, from the texts under /proc and /sys. Pure: where the files are, and
 * their content, is passed in.
 */

export interface CgroupFiles {
  /** The content of a file by its path below the file system's root, or null. */
  read(path: string): string | null;
}

export interface Limit {
  readonly value: number;
  /** The file that sets it. */
  readonly file: string;
}

/** A controller's folders, from the process's own group up to the top of what is mounted. */
function folders(files: CgroupFiles, version: 1 | 2, controller: string): string[] {
  const group = ownGroup(files, version, controller);
  const mount = findMount(files, version, controller);
  if (group === null || mount === null) return [];
  // Without a cgroup namespace both paths begin at the host's top, below which only a part is mounted.
  const inside = mount.root !== "/" && `${group}/`.startsWith(`${mount.root}/`);
  const below = (inside ? group.slice(mount.root.length) : group).split("/").filter(Boolean);
  // A group outside of what is mounted ("/../other") can't be walked; the top of the mount can.
  const names = below.includes("..") ? [] : below;
  return names
    .map((_, at) => [mount.point, ...names.slice(0, names.length - at)].join("/"))
    .concat(mount.point);
}

/** From /proc/self/cgroup: lines `4:cpu,cpuacct:/path`, for v2 `0::/path`. */
function ownGroup(files: CgroupFiles, version: 1 | 2, controller: string): string | null {
  for (const line of lines(files, "proc/self/cgroup")) {
    const [, id, controllers = "", path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    const wanted =
      version === 2
        ? id === "0" && controllers === ""
        : controllers.split(",").includes(controller);
    if (wanted && path !== undefined) return path;
  }
  return null;
}

/** From /proc/self/mountinfo: `id parent major:minor ROOT POINT options... - TYPE source SUPER`. */
function findMount(
  files: CgroupFiles,
  version: 1 | 2,
  controller: string,
): { root: string; point: string } | null {
  for (const line of lines(files, "proc/self/mountinfo")) {
    const [place = "", kind = ""] = line.split(" - ");
    const [, , , root, point] = place.split(" ");
    const [type, , options = ""] = kind.split(" ");
    const wanted =
      version === 2
        ? type === "cgroup2"
        : type === "cgroup" && options.split(",").includes(controller);
    if (wanted && root !== undefined && point !== undefined) {
      return { root, point: unescapeMount(point).replace(/^\//, "") };
    }
  }
  return null;
}

/** Blanks and backslashes in mountinfo are octal. */
const unescapeMount = (path: string): string =>
  path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

const lines = (files: CgroupFiles, path: string): string[] => (files.read(path) ?? "").split("\n");

/** The least of the limits on the way up, since each group is held by its parents too. */
function least(limits: readonly (Limit | null)[]): Limit | null {
  return limits.reduce<Limit | null>(
    (lowest, limit) =>
      limit !== null && (lowest === null || limit.value < lowest.value) ? limit : lowest,
    null,
  );
}

/** CPUs by cgroup v2 `cpu.max` ("50000 100000", "max 100000"), else by v1's CFS quota. */
export function cpuQuota(files: CgroupFiles): Limit | null {
  const byVersion2 = folders(files, 2, "cpu").map((folder): Limit | null => {
    const [quota, period] = (files.read(`${folder}/cpu.max`) ?? "").trim().split(/\s+/);
    return share(quota, period ?? "100000", `${folder}/cpu.max`);
  });
  const byVersion1 = folders(files, 1, "cpu").map((folder): Limit | null => {
    const quota = files.read(`${folder}/cpu.cfs_quota_us`)?.trim();
    const period = files.read(`${folder}/cpu.cfs_period_us`)?.trim();
    return share(quota, period, `${folder}/cpu.cfs_quota_us`);
  });
  return least(byVersion2) ?? least(byVersion1);
}

/** No limit is "max" in v2 and -1 in v1. */
function share(quota: string | undefined, period: string | undefined, file: string): Limit | null {
  const value = Number(quota) / Number(period);
  return Number.isFinite(value) && value > 0 ? { value, file: `/${file}` } : null;
}

/** v1 says "no limit" by a number near 2^63, rounded down to a page. */
const UNLIMITED_BYTES = 2 ** 62;

/** Bytes by cgroup v2 `memory.max`, else by v1's limit. */
export function memoryQuota(files: CgroupFiles): Limit | null {
  const read = (file: string): Limit | null => {
    const text = files.read(file)?.trim() ?? "";
    const value = /^\d+$/.test(text) ? Number(text) : Infinity;
    return value < UNLIMITED_BYTES ? { value, file: `/${file}` } : null;
  };
  return (
    least(folders(files, 2, "memory").map((folder) => read(`${folder}/memory.max`))) ??
    least(folders(files, 1, "memory").map((folder) => read(`${folder}/memory.limit_in_bytes`)))
  );
}

/** How many CPUs `Cpus_allowed_list: 0-3,8` of /proc/self/status names; null when it is not there. */
export function affinity(files: CgroupFiles): number | null {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(files.read("proc/self/status") ?? "")?.[1];
  if (list === undefined) return null;
  const counts = list.split(",").map((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return (last ?? Number.NaN) - (first ?? Number.NaN) + 1;
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Number.isFinite(total) && total > 0 ? total : null;
}
