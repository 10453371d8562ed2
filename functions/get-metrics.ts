import { MetricsResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { endpoint, header, json } from "../lib/http/endpoint.ts";
import { metricsText, TEXT_TYPES, textFormatOf } from "../lib/http/metrics-text.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["get-metrics"].env);
const totals = new TotalsTable(documentClient(), env.TABLE_NAME);

export const handler = endpoint("nothing", async ({ event }) => {
  const { total, pending, success, failed, revenue, ...calls } = await totals.all(systemClock.now());
  const metrics = {
    total_payments: total,
    pending_payments: pending,
    success_payments: success,
    failed_payments: failed,
    total_revenue: revenue / 100,
    ...calls,
  };
  const format = textFormatOf(header(event, "accept"));
  if (!format) return json(200, MetricsResponse, metrics);
  return { statusCode: 200, headers: { "content-type": TEXT_TYPES[format] }, body: metricsText(metrics, format) };
});
