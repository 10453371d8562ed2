import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";
import { STAGE_NAMES, STAGES } from "../../infra/config.ts";
import { decide } from "./iam-policy.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const FILES = readdirSync(new URL(".github/workflows/", ROOT));
const texts = FILES.map((file) => [file, read(`.github/workflows/${file}`)] as const);

/** Jobs by name, as text: what is indented below `  name:` of the part `jobs:`. */
function jobsOf(text: string): Map<string, string> {
  const [, jobs = ""] = text.split(/^jobs:\n/m);
  const parts = jobs.split(/^ {2}(?=[\w-]+:\n)/m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf(":")), part]));
}

const workflow = jobsOf(read(".github/workflows/deploy.yml"));
const deployment = jobsOf(read(".github/workflows/deploy-stage.yml"));

test.each(texts)("%s uses each action of others at a commit, with its version beside it", (_, text) => {
  const actions = [...text.matchAll(/uses: (?!\.\/)(.+)$/gm)].map(([, action]) => action);
  for (const action of actions) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/);
});

test("the jobs that run a pull request's own install and synth can get no credentials", () => {
  expect([...workflow.keys()]).toEqual(["gate", "codeql", "diff", ...STAGE_NAMES]);
  for (const name of ["gate", "codeql"]) {
    expect(workflow.get(name)).not.toMatch(/id-token|configure-aws-credentials|secrets\./);
  }
});

test("the diff runs the programs of the base, takes the diff role, and does not synthesise", () => {
  const diff = workflow.get("diff") ?? "";
  expect(diff).toMatch(/ref: "\$\{\{ github\.event\.pull_request\.base\.sha \}\}"/);
  expect(diff).toContain("head.repo.full_name == github.repository");
  expect([...diff.matchAll(/vars\.(\w+)/g)].map(([, name]) => name)).toEqual(["AWS_DIFF_ROLE", "AWS_DIFF_ROLE"]);
  expect(diff).not.toMatch(/npm run|cdk synth|cdk deploy/);
  expect(diff).toMatch(/cdk diff --method=template --app \.local\/template$/m);
});

test("each stage is deployed from main only, by its own role, after the stage before it", () => {
  const before: Record<string, string> = { dev: "[gate, codeql]", staging: "dev", prod: "staging" };
  for (const stage of STAGE_NAMES) {
    const job = workflow.get(stage);
    const role = `vars.AWS_DEPLOY_ROLE_${stage.toUpperCase()}`;
    expect(job).toContain(`if: github.ref == 'refs/heads/main' && ${role} != ''`);
    expect(job).toContain(`needs: ${before[stage]}\n`);
    expect(job).toContain(`with: { stage: ${stage}, role: "\${{ ${role} }}" }`);
  }
});

test("a deployment waits for its environment, and takes credentials after install and synth", () => {
  const job = deployment.get("deploy") ?? "";
  expect(job).toMatch(/environment: "\$\{\{ inputs\.stage \}\}"/);
  const steps = ["npm ci", "cdk synth", "configure-aws-credentials", "cdk deploy --app"].map((step) =>
    job.indexOf(step),
  );
  expect(steps).not.toContain(-1);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
});

test("no workflow names a region: it comes from the stage's configuration", () => {
  for (const [, text] of texts) {
    for (const { region } of Object.values(STAGES)) expect(text).not.toContain(region);
  }
});

const Documented = z.object({ Statement: z.array(z.looseObject({ Action: z.unknown() })) }).loose();
const documented = [...read("docs/deploy.md").matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, text = ""]) =>
  Documented.parse(JSON.parse(text)),
);
const [diffTrust, diffRights, deployTrust, deployRights] = documented;

/** What the trust policy `trust` answers a workflow that says who it is. */
function assumedBy(trust: unknown, sub: string, aud = "sts.amazonaws.com") {
  const issuer = "token.actions.githubusercontent.com";
  return decide(trust, {
    principal: { Federated: `arn:aws:iam::ACCOUNT:oidc-provider/${issuer}` },
    action: "sts:AssumeRoleWithWebIdentity",
    resource: "",
    context: { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: aud },
  });
}

const SUBJECTS = [
  "repo:OWNER/REPOSITORY:pull_request",
  "repo:OWNER/REPOSITORY:environment:dev",
  "repo:OWNER/REPOSITORY:environment:prod",
  "repo:OWNER/REPOSITORY:ref:refs/heads/main",
  "repo:OWNER/OTHER:pull_request",
  "repo:OWNER/OTHER:environment:dev",
];

test("the documented diff role trusts pull requests of the repository and nothing else", () => {
  expect(SUBJECTS.filter((sub) => assumedBy(diffTrust, sub) === "allowed")).toEqual([SUBJECTS[0]]);
  expect(assumedBy(diffTrust, "repo:OWNER/REPOSITORY:pull_request", "other")).toBe("not allowed");
});

test("the documented deploy role trusts the environment of its stage and nothing else", () => {
  expect(SUBJECTS.filter((sub) => assumedBy(deployTrust, sub) === "allowed")).toEqual([SUBJECTS[1]]);
  expect(assumedBy(deployTrust, "repo:OWNER/REPOSITORY:environment:dev", "other")).toBe("not allowed");
});

test("the documented diff role may read the template of dev, and may assume no role", () => {
  expect(diffRights?.Statement).toEqual([
    {
      Effect: "Allow",
      Action: ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
      Resource: "arn:aws:cloudformation:REGION:ACCOUNT:stack/ChapaPayments-dev/*",
    },
  ]);
  expect(deployRights?.Statement.map(({ Action }) => Action)).toEqual(["sts:AssumeRole"]);
});

test("the documented bootstrap limits what a deployment may create", () => {
  expect(read("docs/deploy.md")).toMatch(/cdk bootstrap --cloudformation-execution-policies \$\w+$/m);
});
