// Reads simulations from standard input and writes what iam-simulate decides. IAM is the folder with its node_modules.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { runSimulation } = createRequire(`${process.env.IAM}/`)("@cloud-copilot/iam-simulate");

const decisions = [];
for (const simulation of JSON.parse(readFileSync(0, "utf8"))) {
  const response = await runSimulation(simulation, {});
  decisions.push(
    response.resultType === "single"
      ? { result: response.overallResult, ignored: response.result.ignoredContextKeys }
      : { result: "error", errors: response.errors ?? response.resultType },
  );
}
process.stdout.write(JSON.stringify(decisions));
