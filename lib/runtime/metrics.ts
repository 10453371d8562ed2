import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { type GaugeName, METRICS_NAMESPACE, type MetricName } from "../contract/metrics.ts";

const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: "payments" });

/** Adds to a metric; {@link flushMetrics} writes it at the end of the invocation. */
export function count(name: MetricName, times = 1): void {
  metrics.addMetric(name, MetricUnit.Count, times);
}
export type Count = typeof count;

/** Sets a gauge; {@link flushMetrics} writes it at the end of the invocation. */
export function gauge(name: GaugeName, value: number): void {
  metrics.addMetric(name, name === "OldestAttentionSeconds" ? MetricUnit.Seconds : MetricUnit.Count, value);
}
export type Gauge = typeof gauge;

export function flushMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
