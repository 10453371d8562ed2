import { expect, test } from "vitest";
import { decide, type IamRequest } from "./iam-policy.ts";

const REQUEST: IamRequest = {
  principal: { Service: "cloudwatch.amazonaws.com" },
  action: "sns:Publish",
  resource: "arn:aws:sns:eu-west-1:111122223333:topic",
  context: { "aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:payments-dev-api-fails" },
};
const policy = (...statements: object[]) => ({ Version: "2012-10-17", Statement: statements });
const allow = (change: object = {}) => ({
  Effect: "Allow",
  Principal: { Service: "cloudwatch.amazonaws.com" },
  Action: "sns:Publish",
  Resource: "*",
  ...change,
});
const sourceArn = (pattern: string) => allow({ Condition: { ArnLike: { "aws:SourceArn": pattern } } });

test("a call that no statement names is not allowed", () => {
  expect(decide(policy(), REQUEST)).toBe("not allowed");
  expect(decide(policy(allow({ Action: "sns:Subscribe" })), REQUEST)).toBe("not allowed");
  expect(decide(policy(allow({ Resource: "arn:aws:sns:eu-west-1:111122223333:other" })), REQUEST)).toBe("not allowed");
  expect(decide(policy(allow({ Principal: { AWS: "cloudwatch.amazonaws.com" } })), REQUEST)).toBe("not allowed");
});

test("a call that a statement names is allowed, whatever the case of its action and by wildcards too", () => {
  expect(decide(policy(allow()), REQUEST)).toBe("allowed");
  expect(decide(policy(allow({ Action: "SNS:publish" })), REQUEST)).toBe("allowed");
  expect(decide(policy(allow({ Action: ["sns:Subscribe", "sns:Pub*"], Principal: "*" })), REQUEST)).toBe("allowed");
});

test("an explicit Deny wins over every Allow, wherever it stands", () => {
  const deny = { ...allow(), Effect: "Deny" };
  expect(decide(policy(deny, allow()), REQUEST)).toBe("denied");
  expect(decide(policy(allow(), deny), REQUEST)).toBe("denied");
});

test("a condition about a key that the call does not have does not hold", () => {
  const condition = { Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } } };
  expect(decide(policy(allow(condition)), REQUEST)).toBe("not allowed");
  expect(decide(policy(allow(), { ...allow(condition), Effect: "Deny" }), REQUEST)).toBe("allowed");
});

test("a wildcard of ArnLike stays inside its part of the ARN", () => {
  expect(decide(policy(sourceArn("arn:aws:cloudwatch:*:*:alarm:payments-dev-*")), REQUEST)).toBe("allowed");
  expect(decide(policy(sourceArn("arn:aws:*:alarm:payments-dev-*")), REQUEST)).toBe("not allowed");
  expect(decide(policy(sourceArn("arn:aws:cloudwatch:eu-west-1:*:alarm:payments-prod-*")), REQUEST)).toBe(
    "not allowed",
  );
});

test("an element or operator that is not evaluated here is refused, so that it is not overlooked", () => {
  expect(() => decide(policy(allow({ NotAction: "sns:Publish" })), REQUEST)).toThrow("NotAction");
  expect(() => decide(policy(allow({ Condition: { StringLike: {} } })), REQUEST)).toThrow("StringLike");
});
