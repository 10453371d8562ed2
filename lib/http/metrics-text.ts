import type { MetricsResponse } from "../contract/api.ts";

type Series = { name: string; kind: "counter" | "gauge"; help: string; of: keyof MetricsResponse };

const SERIES: readonly Series[] = [
  { name: "payments", kind: "counter", help: "Payments for which a checkout was opened.", of: "total_payments" },
  { name: "payments_pending", kind: "gauge", help: "Payments without a result yet.", of: "pending_payments" },
  { name: "payments_success", kind: "gauge", help: "Payments that were paid.", of: "success_payments" },
  { name: "payments_failed", kind: "gauge", help: "Payments that ended unpaid.", of: "failed_payments" },
  { name: "payments_revenue_etb", kind: "gauge", help: "Revenue of successful payments, ETB.", of: "total_revenue" },
  { name: "payments_webhook_calls", kind: "counter", help: "Webhooks and callbacks from Chapa.", of: "webhook_calls" },
  {
    name: "payments_initiate_calls",
    kind: "counter",
    help: "Payments and further attempts begun.",
    of: "initiate_calls",
  },
  { name: "payments_status_calls", kind: "counter", help: "Status reads.", of: "status_calls" },
  { name: "payments_timeout_jobs_run", kind: "counter", help: "Runs of the sweep.", of: "timeout_jobs_run" },
];

/** Returns the text format that an `Accept` header asks for; undefined for JSON, the default. */
export function textFormatOf(accept: string | undefined): "prometheus" | "openmetrics" | undefined {
  const types = (accept ?? "").split(",").map((part) => part.split(";")[0]?.trim().toLowerCase());
  if (types.includes("application/openmetrics-text")) return "openmetrics";
  return types.includes("text/plain") ? "prometheus" : undefined;
}

export const TEXT_TYPES = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;

/** Returns the metrics as text. Prometheus and OpenMetrics differ in the family name of a counter. */
export function metricsText(metrics: MetricsResponse, format: "prometheus" | "openmetrics"): string {
  const lines = SERIES.flatMap(({ name, kind, help, of }) => {
    const sample = kind === "counter" ? `${name}_total` : name;
    const family = format === "prometheus" ? sample : name;
    return [`# HELP ${family} ${help}`, `# TYPE ${family} ${kind}`, `${sample} ${metrics[of]}`];
  });
  return `${[...lines, ...(format === "openmetrics" ? ["# EOF"] : [])].join("\n")}\n`;
}
