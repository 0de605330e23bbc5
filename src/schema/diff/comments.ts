/** Comments, of whatever kind of object. */
import type { Addition } from "../changes.js";

export interface Commented {
  readonly comment: string | null;
}

interface CommentPlace {
  readonly table: string | null;
  readonly object: string;
  readonly target: string;
  readonly needs: readonly string[];
}

/** Null when the comment is as desired; `live` is undefined for an object that is yet to be created. */
export function commentChange(
  live: Commented | undefined,
  desired: Commented,
  place: CommentPlace,
): Addition | null {
  if ((live?.comment ?? null) === desired.comment) return null;
  return { kind: "set_comment", ...place, comment: desired.comment };
}
