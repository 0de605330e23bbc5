/** The program `supervise`, also called `dazzle`: builds the command line, runs it, exits. */
import "./navigator.js";
import { createContext } from "./terminal.js";
import { describeFailure, exit, statusOf } from "./exit.js";
import { runProgram } from "./program.js";

const { context, outcome, debug } = createContext();
try {
  await runProgram(context, process.argv);
  await exit(outcome());
} catch (error) {
  process.stderr.write(describeFailure(error, debug()));
  await exit(statusOf(error));
}
