/** Pure: which files a target consists of, and what a person has to know beside them. */
import { docker } from "./docker.js";
import { heroku } from "./heroku.js";
import { kubernetes } from "./kubernetes.js";
import type { DeployFacts, DeployPlan } from "./model.js";
import { systemd } from "./systemd.js";
import type { Target } from "./targets.js";

const WRITERS: Readonly<Record<Target, (facts: DeployFacts) => DeployPlan>> = {
  docker,
  kubernetes,
  systemd,
  heroku,
};

export function planDeployment(target: Target, facts: DeployFacts): DeployPlan {
  const plan = WRITERS[target](facts);
  return { ...plan, notes: [...plan.notes, ...commonNotes(facts)] };
}

function commonNotes({ framework, lockFile, otherTool }: DeployFacts): string[] {
  const { name, kind } = framework;
  return [
    ...(kind === "production"
      ? []
      : [
          kind === "missing"
            ? `${name} is not among the dependencies of package.json: npm install ${name}`
            : `${name} is a development dependency, which production leaves out: npm install --save-prod ${name}`,
        ]),
    ...(lockFile === null
      ? [
          "there is no lock file: run npm install and commit package-lock.json, so that every build has the same packages",
        ]
      : []),
    ...(otherTool === null
      ? []
      : [`${otherTool} migrates this database: run its command before a new release starts`]),
  ];
}
