// How connections reach workers: see distribution/run.js.
export { default } from "./distribution/run.js";
