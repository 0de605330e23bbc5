/**
 * Which member may come next: those of the database as metadata.json lists them, the uploads in the
 * order of a walk (so none twice, and no file without its folder), metadata.json, SHA256SUMS. Counts
 * and sizes are held against metadata.json on the way.
 */
import { UPLOADS } from "../uploads/save.js";
import type { Metadata } from "../metadata.js";
import { METADATA, SUMS } from "./archive-writer.js";
import { comparePaths, pathProblem, showPath, splitPath } from "./member-path.js";
import { TarRefusal, type TarEntry } from "./tar-header.js";

export type MemberRole = "database" | "uploads" | "metadata" | "sums";

export interface MemberOrder {
  /** @throws TarRefusal when this entry may not stand here */
  next(entry: TarEntry): MemberRole;
  /** @throws TarRefusal when something is missing */
  end(): void;
}

function refuse(entry: TarEntry, why: string): never {
  throw new TarRefusal(`the member ${showPath(entry.path)} is refused: ${why}`);
}

function inFolder(parts: readonly Buffer[], folder: readonly Buffer[]): boolean {
  return (
    parts.length === folder.length + 1 &&
    folder.every((part, at) => part.equals(parts[at] ?? Buffer.alloc(0)))
  );
}

/** The uploads part: a folder first, then what is in it, in ascending order. */
function createTree(declared: NonNullable<Metadata["uploads"]>): {
  next(entry: TarEntry): void;
  end(): void;
} {
  let last: readonly Buffer[] = [];
  let open: (readonly Buffer[])[] = [];
  const found = { files: 0, folders: 0, bytes: 0 };
  return {
    next(entry) {
      const parts = splitPath(entry.path);
      const slash = entry.path.at(-1) === 0x2f;
      if (slash !== (entry.kind === "folder")) refuse(entry, "its name does not fit its kind");
      if (comparePaths(last, parts) >= 0) refuse(entry, "it stands twice or out of order");
      if (parts.length > 1) {
        while (open.length > 0 && !inFolder(parts, open.at(-1) ?? [])) open = open.slice(0, -1);
        if (open.length === 0) refuse(entry, "its folder is not in the backup");
      } else if (entry.kind !== "folder") {
        refuse(entry, "it is no folder");
      }
      if (entry.kind === "folder") open.push(parts);
      last = parts;
      found[entry.kind === "folder" ? "folders" : "files"] += 1;
      found.bytes += entry.size;
      if (found.files > declared.files || found.folders > declared.folders) {
        refuse(entry, "there are more uploads than metadata.json says");
      }
      if (found.bytes > declared.bytes) refuse(entry, "the uploads are larger than declared");
    },
    end() {
      const { files, folders, bytes } = declared;
      if (found.files !== files || found.folders !== folders || found.bytes !== bytes) {
        throw new TarRefusal("there are fewer uploads than metadata.json says");
      }
    },
  };
}

export function createMemberOrder(metadata: Metadata): MemberOrder {
  const expected = metadata.members.values();
  const tree = metadata.uploads === null ? null : createTree(metadata.uploads);
  const stages = ["database", "uploads", "metadata", "sums", "end"] as const;
  let stage: (typeof stages)[number] = "database";

  function reach(next: (typeof stages)[number], entry: TarEntry): void {
    if (stages.indexOf(next) < stages.indexOf(stage)) refuse(entry, "it stands out of order");
    if (stage === "database" && next !== "database" && expected.next().done !== true) {
      refuse(entry, "a member of the database is missing before it");
    }
    stage = next;
  }

  return {
    next(entry) {
      const problem = pathProblem(entry.path);
      if (problem !== null) refuse(entry, problem);
      const path = entry.path.toString("latin1");
      if (entry.kind === "file" && path === METADATA) {
        reach("metadata", entry);
        stage = "sums";
        return "metadata";
      }
      if (entry.kind === "file" && path === SUMS) {
        if (stage !== "sums") refuse(entry, "it stands out of order");
        stage = "end";
        return "sums";
      }
      if (path.startsWith(`${UPLOADS}/`)) {
        if (tree === null) refuse(entry, "metadata.json declares no uploads");
        reach("uploads", entry);
        tree.next(entry);
        return "uploads";
      }
      reach("database", entry);
      const declared = expected.next();
      if (declared.done === true || entry.kind !== "file" || declared.value.path !== path) {
        refuse(entry, "metadata.json does not declare it");
      }
      if (declared.value.size !== entry.size) refuse(entry, "its size is not the declared one");
      return "database";
    },
    end() {
      if (stage !== "end") throw new TarRefusal("metadata.json or SHA256SUMS is missing");
      tree?.end();
    },
  };
}
