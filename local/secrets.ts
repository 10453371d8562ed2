import * as z from "zod";
import type { FaultPlan } from "./faults.ts";
import { type Handle, type Listening, serve } from "./serve.ts";

const Input = z.object({ SecretId: z.string() });

/** The part of Secrets Manager that functions use: reading a secret's current value. Changes of `values` apply at once. */
export function startSecrets(values: Map<string, object>, faults?: FaultPlan): Promise<Listening> {
  const answer: Handle = ({ headers, body }) => {
    const action = String(headers["x-amz-target"]).split(".")[1];
    if (action !== "GetSecretValue") return refused("UnknownOperationException");
    const { SecretId } = Input.parse(JSON.parse(body.toString("utf8")));
    const value = values.get(SecretId);
    if (!value) return refused("ResourceNotFoundException");
    return {
      status: 200,
      headers: { "content-type": "application/x-amz-json-1.1" },
      body: { ARN: SecretId, Name: SecretId, SecretString: JSON.stringify(value), VersionStages: ["AWSCURRENT"] },
    };
  };
  return serve("Secrets Manager", 0, answer, faults);
}

function refused(type: string) {
  return { status: 400, headers: { "content-type": "application/x-amz-json-1.1" }, body: { __type: type } };
}
