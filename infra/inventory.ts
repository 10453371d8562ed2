import * as z from "zod";

const Statement = z.object({
  Action: z.union([z.string(), z.array(z.string())]).transform((action) => [action].flat()),
  Resource: z.unknown(),
});
const Resource = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const Template = z.object({ Resources: z.record(z.string(), Resource) });
const Policy = z.object({
  Roles: z.array(z.object({ Ref: z.string() })),
  PolicyDocument: z.object({ Statement: z.array(Statement) }),
});
const Reference = z.object({ "Fn::GetAtt": z.tuple([z.string(), z.string()]) });
const Fn = z.object({ Description: z.string(), Role: Reference, MemorySize: z.number(), Timeout: z.number() });

/** What a role may do, as "action on resource". */
type Right = { action: string; on: string };

/**
 * What every function of a template may touch, as a page for people; kept in docs/inventory.md and compared by a test,
 * so that a new right is a change that somebody reads.
 * @param template CloudFormation, as `cdk synth` writes it
 */
export function inventoryOf(template: unknown): string {
  const resources = Object.entries(Template.parse(template).Resources);
  const rows = resources
    .filter(([, { Type }]) => Type === "AWS::Lambda::Function")
    .map(([, { Properties }]) => Fn.parse(Properties))
    .sort((a, b) => a.Description.localeCompare(b.Description))
    .map(({ Description, Role, MemorySize, Timeout }) => {
      const rights = rightsOf(resources, Role["Fn::GetAtt"][0]);
      const lines = new Set(rights.map(({ action, on }) => `${action} on ${on}`));
      return `| ${Description} | ${MemorySize} MB, ${Timeout} s | ${[...lines].join("<br>")} |`;
    });
  const others = resources
    .filter(([, { Type }]) => Type === "AWS::IAM::Policy")
    .map(([, { Properties }]) => Policy.parse(Properties))
    .filter(({ Roles }) => !Roles.some(({ Ref }) => /role[0-9A-F]{8}$/.test(Ref) && !Ref.includes("schedulerole")))
    .flatMap(({ Roles, PolicyDocument }) =>
      rights(PolicyDocument.Statement).map((right) => ({ role: Roles[0]?.Ref ?? "", ...right })),
    )
    .map(({ role, action, on }) => `| ${nameOf(role)} | ${action} on ${on} |`)
    .sort();
  return `# What each function may access

Written by \`npm run inventory\` from the template. A test fails if this page and the template differ. In addition, every
function writes to its own log.

| function | size | may |
|---|---|---|
${rows.join("\n")}

| other role | may |
|---|---|
${others.join("\n")}
`;
}

function rightsOf(resources: [string, z.output<typeof Resource>][], role: string): Right[] {
  const statements = resources
    .filter(([, { Type }]) => Type === "AWS::IAM::Policy")
    .map(([, { Properties }]) => Policy.parse(Properties))
    .filter(({ Roles }) => Roles.some(({ Ref }) => Ref === role))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  return rights(statements)
    .filter(({ action }) => !action.startsWith("logs:"))
    .sort((a, b) => `${a.action}${a.on}`.localeCompare(`${b.action}${b.on}`));
}

function rights(statements: z.output<typeof Statement>[]): Right[] {
  return statements.flatMap(({ Action, Resource: on }) =>
    [on].flat().flatMap((resource) => Action.map((action) => ({ action, on: kindOf(resource) }))),
  );
}

/** A resource in words: its logical id without the hash, and what follows it in the ARN. */
function kindOf(resource: unknown): string {
  const attribute = Reference.safeParse(resource).data?.["Fn::GetAtt"];
  if (attribute) return attribute[1] === "StreamArn" ? `${nameOf(attribute[0])} stream` : nameOf(attribute[0]);
  const joined = z.object({ "Fn::Join": z.tuple([z.literal(""), z.array(z.unknown())]) }).safeParse(resource).data;
  const ref = z.object({ Ref: z.string() }).safeParse(resource).data;
  if (ref) return nameOf(ref.Ref);
  if (!joined) return typeof resource === "string" ? resource : JSON.stringify(resource);
  return joined["Fn::Join"][1].map((part) => (typeof part === "string" ? part : kindOf(part))).join("");
}

function nameOf(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, "");
}
