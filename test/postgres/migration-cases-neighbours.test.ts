import { testCases } from "./migration-support/run-cases.js";

testCases("neighbours");
