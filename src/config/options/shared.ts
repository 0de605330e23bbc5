/** Kinds of values that several sections have. */
import { text, wholeNumber } from "../kinds.js";
import { checkPlain } from "../texts.js";

/** Each worker costs the primary descriptors; 1024 is the usual soft limit of open files. */
const MOST_WORKERS = 1_024;

export const workers = (min: number) => wholeNumber(min, MOST_WORKERS);
export const port = wholeNumber(0, 65_535);
export const count = wholeNumber(0, 1_000_000);
export const path = text("a path", checkPlain);
