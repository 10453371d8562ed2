import * as z from "zod";

const list = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const Condition = z.strictObject({
  StringEquals: z.record(z.string(), list).optional(),
  ArnLike: z.record(z.string(), list).optional(),
  Bool: z.record(z.string(), list).optional(),
});
const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Principal: z.union([z.literal("*"), z.partialRecord(z.enum(["AWS", "Service", "Federated"]), list)]).optional(),
  Action: list,
  Resource: list.optional(),
  Condition: Condition.optional(),
});
const Policy = z.strictObject({ Version: z.literal("2012-10-17"), Statement: z.array(Statement) });
type Statement = z.output<typeof Statement>;

/** One call, as IAM sees it. `context` holds the keys that conditions ask for. */
export type IamRequest = {
  principal: { AWS: string } | { Service: string } | { Federated: string };
  action: string;
  resource: string;
  context: Readonly<Record<string, string>>;
};

/**
 * What IAM decides about a call by one policy of a resource or a role: an explicit Deny wins, and nothing is allowed that
 * no statement allows.
 * @throws ZodError at an element or a condition operator that is not evaluated here, so that none is overlooked
 */
export function decide(policy: unknown, request: IamRequest): "allowed" | "denied" | "not allowed" {
  const matching = Policy.parse(policy).Statement.filter((statement) => matches(statement, request));
  if (matching.some(({ Effect }) => Effect === "Deny")) return "denied";
  return matching.length > 0 ? "allowed" : "not allowed";
}

function matches({ Principal: who, Action, Resource, Condition: when }: Statement, request: IamRequest): boolean {
  return (
    principalMatches(who, request.principal) &&
    Action.some((action) => wildcard(action.toLowerCase(), request.action.toLowerCase())) &&
    (Resource === undefined || Resource.some((resource) => wildcard(resource, request.resource))) &&
    conditionMatches(when ?? {}, request.context)
  );
}

function principalMatches(who: Statement["Principal"], asking: IamRequest["principal"]): boolean {
  if (who === "*") return true;
  return Object.entries(asking).some(([kind, name]) =>
    Object.entries(who ?? {}).some(([of, names]) => of === kind && (names.includes(name) || names.includes("*"))),
  );
}

/** Every key of every operator must hold, with any of its values. A key that the call does not have never holds. */
function conditionMatches(when: z.output<typeof Condition>, context: IamRequest["context"]): boolean {
  const holds = (keys: Record<string, string[]> | undefined, test: (wanted: string, given: string) => boolean) =>
    Object.entries(keys ?? {}).every(([key, values]) => {
      const given = context[key];
      return given !== undefined && values.some((value) => test(value, given));
    });
  return (
    holds(when.StringEquals, (wanted, given) => wanted === given) &&
    holds(when.Bool, (wanted, given) => wanted.toLowerCase() === given.toLowerCase()) &&
    holds(when.ArnLike, arnLike)
  );
}

/** The six parts of an ARN are compared one by one: a `*` in one of them does not reach into the next. */
function arnLike(pattern: string, arn: string): boolean {
  const [wanted, given] = [partsOf(pattern), partsOf(arn)];
  return wanted.length === 6 && given.length === 6 && wanted.every((part, index) => wildcard(part, given[index] ?? ""));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), parts.slice(5).join(":")].filter((_, index) => index < parts.length);
}

function wildcard(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}
