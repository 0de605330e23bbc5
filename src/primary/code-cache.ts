/** Where workers keep the compiled code of what they run on (ipc/code-cache.ts), and who of them makes it. */
import { isMade, placeVariable } from "../ipc/code-cache.js";
import { createMemoryFile, type MemoryFile } from "../ipc/memory-file.js";

export interface CodeCache {
  /** What the worker that is forked next is told. */
  claim(): Claim;
  close(): void;
}

export interface Claim {
  readonly env: Readonly<Record<string, string>>;
  /** The worker has ended: another may make what it has not. */
  release(): void;
}

const NOTHING: Claim = { env: {}, release: () => undefined };

export function createCodeCache(): CodeCache {
  // Elsewhere such a file has a name, and a primary that is killed would leave it behind.
  if (process.platform !== "linux") return { claim: () => NOTHING, close: () => undefined };
  let file: MemoryFile | null = null;
  let isBeingMade = false;
  return {
    claim: () => {
      file ??= createMemoryFile();
      const made = isMade(file.fd);
      if (!made && isBeingMade) return NOTHING;
      const env = placeVariable({ path: file.path, made });
      if (made) return { env, release: () => undefined };
      isBeingMade = true;
      return { env, release: () => (isBeingMade = false) };
    },
    close: () => {
      file?.close();
      file = null;
    },
  };
}
