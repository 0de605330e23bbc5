/** What a worker calls itself once its primary is gone: at most 15 bytes, which is all that a kernel shows. */
export const ORPHAN_TITLE = "dazzle-orphan";
