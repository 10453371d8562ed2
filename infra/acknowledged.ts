/** Findings of the policy packs that stand, each with the reason why; nothing else may be found. */
export const ACKNOWLEDGED: readonly { id: string; reason: string }[] = [
  {
    id: "AwsSolutions::AwsSolutions-APIG4",
    reason:
      "Tokens of a sibling service and API keys are checked by the functions themselves, by lib/contract/routes.ts; every route × caller is tested. IAM routes are authorised by the gateway.",
  },
  {
    id: "AwsSolutions::AwsSolutions-SMG4",
    reason:
      "The secrets are Chapa's, the siblings' and callers': only a person can replace them on both sides. docs/runbook.md says how, and it is tested under load.",
  },
  { id: "AwsSolutions::AwsSolutions-SQS3", reason: "It is the dead-letter queue of the stream itself." },
  {
    id: "Serverless::Serverless-SQSRedrivePolicy",
    reason: "These are the dead-letter queues; each other queue has one.",
  },
  {
    id: "Serverless::Serverless-LambdaDLQ",
    reason:
      "Only schedules invoke asynchronously, without retries, and their next run comes anyway. Callers wait for answers, queues have dead-letter queues of their own, the stream an on-failure queue.",
  },
  {
    id: "Serverless::Serverless-LambdaEventSourceMappingDestination",
    reason: "A queue's mapping has no destination of its own; its messages go to the queue's dead-letter queue.",
  },
  {
    id: "Serverless::Serverless-LambdaTracing",
    reason:
      "Requests carry traceparent and request ids into every record; X-Ray would need a right on every resource and is paid for each trace.",
  },
];
