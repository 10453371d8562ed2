import * as z from "zod";
import { FaultInput, UnknownFault } from "./faults.ts";
import { type Answer, type Listening, type Request, serve } from "./serve.ts";

/** The operations of a running cloud that the control routes offer. */
export type Controlled = {
  advance(ms: number): Promise<unknown>;
  sweep(): Promise<unknown>;
  fault(target: FaultTarget, fault: FaultInput | null): Promise<unknown>;
  reset(): Promise<unknown>;
  state(): Promise<unknown>;
};

const FAULT_TARGETS = ["chapa", "listing", "notification", "users", "redis", "table", "queues"] as const;
export type FaultTarget = (typeof FAULT_TARGETS)[number];

/** The target is a real service, so it cannot have faults. */
export class FaultTargetUnavailable extends Error {}

const Advance = z.object({
  advance_ms: z
    .number()
    .min(0)
    .max(400 * 86_400_000),
});
const Fault = z.object({
  target: z.enum(FAULT_TARGETS),
  /** `null` or "none" removes all faults of the target. */
  fault: z.union([FaultInput, z.null()]),
});

const ROUTES = ["POST /clock", "POST /sweep", "POST /faults", "POST /reset", "GET /state"];

/** Serves the control routes of a cloud: clock, sweep, faults, reset and state. */
export function startControl(controlled: Controlled, port: number): Promise<Listening> {
  return serve("Control", port, async (request) => {
    try {
      return await answer(controlled, request);
    } catch (error) {
      if (error instanceof z.ZodError) return refused(422, z.prettifyError(error));
      if (error instanceof UnknownFault) return refused(422, error.message);
      if (error instanceof FaultTargetUnavailable) return refused(409, error.message);
      throw error;
    }
  });
}

async function answer(controlled: Controlled, request: Request): Promise<Answer> {
  const done = (body: unknown): Answer => ({ status: 200, body: body ?? {} });
  switch (`${request.method} ${request.path}`) {
    case "POST /clock":
      return done(await controlled.advance(Advance.parse(bodyOf(request)).advance_ms));
    case "POST /sweep":
      return done(await controlled.sweep());
    case "POST /faults": {
      const { target, fault } = Fault.parse(bodyOf(request));
      return done(await controlled.fault(target, fault === "none" ? null : fault));
    }
    case "POST /reset":
      return done(await controlled.reset());
    case "GET /state":
      return done(await controlled.state());
    default:
      return refused(404, `no such route; there are: ${ROUTES.join(", ")}`);
  }
}

function bodyOf({ body }: Request): unknown {
  try {
    return JSON.parse(body.toString("utf8") || "{}");
  } catch {
    return undefined;
  }
}

function refused(status: number, detail: string): Answer {
  return { status, headers: { "content-type": "application/problem+json" }, body: { status, detail } };
}
