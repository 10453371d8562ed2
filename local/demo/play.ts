import { readSettings } from "../settings.ts";
import type { Finding } from "./checks.ts";
import type { Outcome } from "./outcome.ts";
import type { Scenario } from "./scenario.ts";
import { refundedInDashboard, reversedByBank, secondCapture } from "./scenarios/books.ts";
import {
  iamSigned,
  rateLimited,
  redisDown,
  rotateSecrets,
  serviceInitiated,
  supportLink,
  testKeyOnLive,
  userManagementDown,
} from "./scenarios/callers.ts";
import { doubleClick, twoTabs } from "./scenarios/crowd.ts";
import { attentionAnswered, reviewAccepted, reviewRejected } from "./scenarios/decisions.ts";
import {
  accountChanged,
  cancelledAtChapa,
  chapaNeverCancels,
  goingLive,
  initializeOutage,
  keyRenewed,
  webhookThenSilence,
} from "./scenarios/gateway.ts";
import { abandon, failThenPay, late, newLink, paidTwice, pay, wrongAmount } from "./scenarios/paying.ts";
import { partialRefundTwice, refund, refundAnswerLost, refundRefused } from "./scenarios/refunds.ts";
import { listingReserved, manyPressesThroughTheListing, notificationRefuses } from "./scenarios/siblings.ts";
import {
  chapaDown,
  duplicateWebhooks,
  forgedWebhook,
  listingClosed,
  listingDown,
  lostStreamRecord,
  lostWebhook,
  slowInitialize,
  unreadableRow,
} from "./scenarios/trouble.ts";
import { Stage } from "./stage.ts";
import type { Entry } from "./timeline.ts";

export const SCENARIOS: readonly Scenario[] = [
  pay,
  failThenPay,
  abandon,
  late,
  newLink,
  lostWebhook,
  duplicateWebhooks,
  forgedWebhook,
  wrongAmount,
  lostStreamRecord,
  slowInitialize,
  chapaDown,
  listingDown,
  listingClosed,
  listingReserved,
  notificationRefuses,
  unreadableRow,
  doubleClick,
  twoTabs,
  paidTwice,
  secondCapture,
  refundedInDashboard,
  reversedByBank,
  reviewAccepted,
  reviewRejected,
  attentionAnswered,
  refund,
  partialRefundTwice,
  refundAnswerLost,
  refundRefused,
  serviceInitiated,
  supportLink,
  iamSigned,
  rotateSecrets,
  testKeyOnLive,
  redisDown,
  userManagementDown,
  rateLimited,
  manyPressesThroughTheListing,
  cancelledAtChapa,
  chapaNeverCancels,
  initializeOutage,
  goingLive,
  keyRenewed,
  accountChanged,
  webhookThenSilence,
];

/** The result of one scenario. `startedAt` is in epoch ms of the cloud's clock, `tookMs` is real time. */
export type Played = {
  scenario: Scenario;
  startedAt: number;
  tookMs: number;
  entries: Entry[];
  outcome: Outcome;
  findings: Finding[];
};

/**
 * Plays one scenario on a cloud of its own.
 * @param environment variables with settings. The scenario's own settings replace them.
 */
export async function play(scenario: Scenario, environment: Record<string, string | undefined>): Promise<Played> {
  const began = performance.now();
  const stage = await Stage.open(readSettings({ ...environment, ...scenario.settings }));
  try {
    const startedAt = stage.cloud.clock.now();
    await scenario.play(stage);
    const outcome = await stage.outcome();
    const entries = stage.timeline.entries();
    const tookMs = performance.now() - began;
    return { scenario, startedAt, tookMs, entries, outcome, findings: scenario.check(outcome) };
  } finally {
    await stage.close();
  }
}
