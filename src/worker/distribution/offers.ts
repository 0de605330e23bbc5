/**
 * Listeners that the primary hands to this worker unasked, because the workers before it used them. One
 * that is announced is on its way, behind the order to start: who asks for it meanwhile waits for it.
 */
import type { Opened } from "../../ipc/distribution/messages.js";
import { isListenHandle } from "./handle.js";

type Answer = (reply: Opened, handle: unknown) => void;

export interface Offers {
  expect(keys: readonly string[]): void;
  arrived(reply: Opened, handle: unknown): void;
  /** False when nothing like it was offered: the primary has to be asked. Answers later, never at once. */
  take(key: string, answer: Answer): boolean;
  /** What is not taken by now is refused. */
  settle(): void;
}

export function createOffers(refuse: (key: string) => void): Offers {
  const coming = new Map<string, Answer | null>();
  const here = new Map<string, { reply: Opened; handle: unknown }>();
  let settled = false;

  function refuseOne({ key }: Opened, handle: unknown): void {
    if (isListenHandle(handle)) handle.close();
    refuse(key);
  }

  return {
    expect(keys) {
      settled = false;
      for (const key of keys) coming.set(key, null);
    },
    arrived(reply, handle) {
      const answer = coming.get(reply.key) ?? null;
      coming.delete(reply.key);
      if (answer !== null) answer(reply, handle);
      else if (settled) refuseOne(reply, handle);
      else here.set(reply.key, { reply, handle });
    },
    take(key, answer) {
      const offered = here.get(key);
      if (offered !== undefined) {
        here.delete(key);
        process.nextTick(answer, offered.reply, offered.handle);
        return true;
      }
      if (coming.get(key) !== null) return false;
      coming.set(key, answer);
      return true;
    },
    settle() {
      settled = true;
      for (const { reply, handle } of here.values()) refuseOne(reply, handle);
      here.clear();
    },
  };
}
