import { Problem } from "../contract/api.ts";
import * as errors from "../domain/errors.ts";
import * as httpErrors from "./errors.ts";
import { problemFor } from "./problem.ts";

const REQUEST_ID = "a1f0c2d4-0000-4000-8000-000000000001";
const CHANGE = {
  transition: "acceptReview",
  at: "2026-11-28T07:00:00.000Z",
  by: "user:6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
};
const MISSING = { pointer: "/property_id", loc: ["body", "property_id"], msg: "Field required", type: "missing" };
const WRONG_PATH = { pointer: "/payment_id", loc: ["path", "payment_id"], msg: "not a UUID", type: "invalid_format" };
const QUOTA = { name: "initiate", limit: 10, windowSeconds: 60, remaining: 0, resetSeconds: 40 };

/** What a route typically answers with a status. The first row whose pattern finds something in method and path counts. */
const TYPICAL: readonly { path: RegExp; error: unknown }[] = [
  { path: /webhook/, error: new httpErrors.WebhookInvalid("There is no reference of a payment.") },
  { path: /./, error: new errors.GatewayRefused("it does not accept the phone number") },
  { path: /token$/, error: new errors.WrongLogin() },
  { path: /./, error: new errors.Unauthenticated("Could not validate credentials") },
  { path: /\/refunds$/, error: new errors.RefundLimitReached("500.00 ETB") },
  { path: /./, error: new httpErrors.Forbidden("Not authorized to view this payment status") },
  { path: /\/docs\//, error: new httpErrors.RouteUnknown() },
  { path: /\{entry\}$/, error: new errors.EntryNotFound() },
  { path: /\{refund_id\}$/, error: new errors.RefundNotFound() },
  { path: /\/initiate$/, error: new errors.UserUnknown() },
  { path: /./, error: new errors.PaymentNotFound() },
  { path: /\/initiate$/, error: new errors.CheckoutBeingOpened(12) },
  { path: /\/cancel$/, error: new errors.PaymentTaken() },
  { path: /./, error: new errors.VersionChanged(4, [CHANGE]) },
  { path: /./, error: new httpErrors.BodyTooLarge(65_536) },
  { path: /\/refunds$/, error: new errors.RefundAboveLeft("400.00 ETB") },
  { path: /\/initiate$/, error: new httpErrors.InputInvalid([MISSING]) },
  { path: /./, error: new httpErrors.InputInvalid([WRONG_PATH]) },
  { path: /./, error: new errors.RateLimited({ retryAfterSeconds: 40, quota: QUOTA }) },
  { path: /./, error: new Error("a defect") },
  { path: /\/initiate$/, error: new errors.GatewayUnavailable(5) },
  { path: /./, error: new errors.DependencyUnavailable("The table") },
];

/** Returns an example of the problem with which a route answers with a status. @throws Error if there is none */
export function problemExample(path: string, status: number): Problem {
  const found = PROBLEMS.find((one) => one.problem.status === status && one.path.test(path));
  if (!found) throw new Error(`${path} has no example of ${status}`);
  return found.problem;
}

const PROBLEMS = TYPICAL.map(({ path, error }) => ({
  path,
  problem: Problem.parse(JSON.parse(problemFor(error, REQUEST_ID).body)),
}));
