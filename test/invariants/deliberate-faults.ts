import type { FocusName } from "../simulation/focus.ts";

export type Edit = { file: string; from: string; to: string };
export type Harness = "simulation" | "chaos";

/**
 * A deliberate fault: one place of the real code reads otherwise, or several where one guards the other. `of` is the
 * row of the failure model, or the fault of the service that this one replaces. `caughtBy` names the harnesses whose
 * invariants must notice it; with none, `harmless` says why no invariant breaks, and the simulation searches all the same.
 */
export type DeliberateFault = Fault & { of: string; caughtBy: readonly Harness[] };
type Fault = Edit & {
  name: string;
  caughtBy?: readonly Harness[];
  also?: readonly Edit[];
  harmless?: string;
  /** What the runs that search for it concentrate on; without it each does what its seed says. */
  focus?: FocusName;
};

/** Faults against one row. The simulation catches each, where it does not say otherwise. */
function against(of: string, faults: readonly Fault[]): DeliberateFault[] {
  return faults.map((fault) => ({ of, caughtBy: fault.harmless === undefined ? ["simulation"] : [], ...fault }));
}

/** Each is noticed by an invariant, or is a finding: a rule that the design could do without. */
export const DELIBERATE_FAULTS: readonly DeliberateFault[] = [
  ...against("the predecessor", [
    {
      name: "a checkout is opened before its row is stored",
      file: "lib/flows/steps/begin-request.ts",
      from: "    ports.payments.create(claimed),",
      to: "    Promise.resolve({ won: true, payment: claimed }),",
    },
    {
      name: "the row of a checkout is stored after it is opened",
      caughtBy: ["chaos"],
      file: "lib/table/payments.ts",
      from: "    const wanted = toItem(payment);\n    const written",
      to: `    const known = await this.find(payment.ref);
    if (known || payment.captures.length === 0) return known ? { won: false, payment: known } : { won: true, payment };
    const wanted = toItem(payment);
    const written`,
      also: [
        {
          file: "lib/table/payments.ts",
          from: "const { changed, ...update } = difference(toItem(before), wanted, DUE_KEYS);",
          to: `const { changed, ...update } = difference({ pk: wanted["pk"] }, wanted);`,
        },
        {
          file: "lib/table/payments.ts",
          from: "`#version = :seen AND #revision = :read",
          to: "`attribute_not_exists(pk) OR #version = :seen AND #revision = :read",
        },
      ],
    },
    {
      name: "a repeated request is answered without the URL",
      file: "lib/flows/initiate.ts",
      from: "return { payment, replayed: started.replayed,",
      to: "return { payment: started.replayed ? { ...payment, checkoutUrl: undefined } : payment, replayed: started.replayed,",
    },
    {
      name: "an error while verifying marks the payment FAILED",
      file: "lib/flows/resolve.ts",
      from: "return payment && concludeUnavailable(run, payment, result);",
      to: `if (payment?.state !== "PENDING") return payment && concludeUnavailable(run, payment, result);
      return (await run.ports.payments.save(payment, settleUnpaid(payment, "cancel", { attempt: payment.attempt, found: "failed", cancel: "closed" }, run.context()))).payment;`,
    },
    {
      name: "a late payer is ignored",
      file: "lib/domain/transitions.ts",
      from: "  return MONEY_TRANSITIONS.find(",
      to: `  if (payment.settledAt !== undefined && payment.state !== "SUCCESS" && payment.state !== "REVIEW") return undefined;
  return MONEY_TRANSITIONS.find(`,
    },
    {
      name: "amounts are not compared",
      file: "lib/domain/evidence.ts",
      from: "    facts.amount === terms.amount &&\n",
      to: "",
    },
    {
      name: "the listing is never told",
      file: "lib/flows/notify-listing.ts",
      from: "if (!payment?.propertyId || !status || status === delivered) return",
      to: "if (payment || !status || status === delivered) return",
    },
    {
      name: "the payer is never told",
      file: "lib/flows/publish.ts",
      from: "  await ports.notification.sendAll(steps.flatMap(({ after, outcome }) => toUser(after, outcome)));\n",
      to: "",
    },
    {
      name: "what was sent to Chapa is logged",
      file: "lib/flows/steps/open-checkout.ts",
      from: "...paymentFields(payment, payment.attempt), outcome: answer.kind }",
      to: "...paymentFields(payment, payment.attempt), outcome: answer.kind, sent: JSON.stringify(job.contact) }",
    },
    {
      name: "the key is logged",
      file: "lib/chapa/client.ts",
      from: 'return { kind: reply.sent ? "lost" : "unsent" };',
      to: 'return { kind: ("no answer to " + String(await this.#keys.get())) as "lost" };',
    },
  ]),
  ...against("apply: read, verify", [
    {
      name: "amounts in another currency count",
      file: "lib/domain/evidence.ts",
      from: "    facts.currency === terms.currency &&\n",
      to: "",
    },
    {
      name: "money of the other mode counts",
      file: "lib/domain/evidence.ts",
      from: "    facts.currency === terms.currency &&\n    facts.mode === terms.mode\n",
      to: "    facts.currency === terms.currency\n",
    },
    {
      name: "a verification whose question got no answer counts as unpaid",
      file: "lib/chapa/client.ts",
      from: `if (reply instanceof CallFailed) return { kind: "unavailable", reason: "unreachable" };`,
      to: `if (reply instanceof CallFailed) return { kind: "unpaid", reason: "not_found" };`,
    },
    {
      name: "a second capture is nobody's business",
      file: "lib/domain/transitions.ts",
      from: `const MONEY_TRANSITIONS = ["confirm", "review", "duplicate", "unmatched", "wentBack", "capturedAgain"] as const;`,
      to: `const MONEY_TRANSITIONS = ["confirm", "review", "unmatched", "wentBack", "capturedAgain"] as const;`,
    },
    {
      name: "two captures on one checkout are the same money",
      focus: "two captures",
      file: "lib/domain/payment.ts",
      from: "return a.attempt === b.attempt && (!a.reference || !b.reference || a.reference === b.reference);",
      to: "return a.attempt === b.attempt;",
    },
    {
      name: "a second capture calls nobody where somebody is called already",
      file: "lib/domain/apply-money.ts",
      from: `{ ...record("duplicate"), ...withFlag(reversal ? FLAG_OF[reversal] : "duplicate") }`,
      to: `{ ...record("duplicate"), ...(payment.attention.length > 0 ? {} : withFlag("duplicate")) }`,
    },
    {
      name: "only the latest checkout can confirm",
      file: "lib/domain/transitions.ts",
      from: "  return MONEY_TRANSITIONS.find(",
      to: "  if (money.attempt < payment.attempt) return undefined;\n  return MONEY_TRANSITIONS.find(",
    },
  ]),
  ...against("apply: SUCCESS and event", [
    {
      name: "a save does not ask which version it has seen",
      caughtBy: ["simulation", "chaos"],
      file: "lib/table/payments.ts",
      from: "`#version = :seen AND #revision = :read",
      to: "`attribute_exists(pk) OR #version = :seen AND #revision = :read",
    },
    {
      name: "money that went back undoes the success",
      file: "lib/domain/transitions.ts",
      from: `wentBack: row({ from: STATES, to: "same",`,
      to: `wentBack: row({ from: STATES, to: "REVIEW",`,
    },
    {
      name: "other links of a paid fee are left open",
      file: "lib/flows/steps/record-capture.ts",
      from: `return after?.state === "SUCCESS" ? endOtherLinks(ports, after, run) : after;`,
      to: "return after;",
      harmless: "their verifications go on, and a second capture calls a person; no invariant asks for it",
    },
  ]),
  ...against("initiate 5: save the URL", [
    {
      name: "a request that was overtaken answers with a URL of its own",
      caughtBy: ["simulation", "chaos"],
      file: "lib/flows/steps/open-checkout.ts",
      from: `  ports.log.warn("unmatched_checkout", paymentFields(payment, attempt));\n  return saved.payment;`,
      to: "  return saved.payment && { ...saved.payment, checkoutUrl };",
    },
    {
      name: "the answer of a conditional write is believed",
      file: "lib/table/conditional.ts",
      from: "return there && isOurs(there) ? { won: true } : { won: false, there };",
      to: "return isOurs(there ?? {}) && !there ? { won: true } : { won: false, there };",
      harmless:
        "the loser of a race goes on with what is stored, which is its own; only counts and the replay header differ",
    },
  ]),
  ...against("timeout: verify, cancel, verify", [
    {
      name: "closing without the second verify",
      file: "lib/flows/steps/close-checkout.ts",
      from: "const after = await chapa.verify(txRef, { ...owner, key }, left());",
      to: "const after = before as VerifyResult;",
    },
    {
      name: "what the second verify says is not read",
      focus: "write races",
      file: "lib/flows/steps/close-checkout.ts",
      from: "  if (!isNotMoney(after)) return concluded(after, isCancelled);\n",
      to: "",
      also: [
        {
          file: "lib/flows/steps/close-checkout.ts",
          from: `const isProof = before.kind === "unpaid" && after.kind === "unpaid" && (after.key ?? key) === key;`,
          to: `const isProof = before.kind === "unpaid";`,
        },
      ],
    },
    {
      name: "closing without a cancel",
      file: "lib/flows/steps/close-checkout.ts",
      from: "const cancel = await chapa.cancel(txRef, key, left());",
      to: `const cancel = "closed" as "closed" | "unclear";`,
    },
    {
      name: "an unclear cancel counts as done",
      file: "lib/flows/steps/close-checkout.ts",
      from: `if (isProof && isCancelled) return { kind: "closed", evidence: { attempt, found, cancel } };`,
      to: `if (isProof) return { kind: "closed", evidence: { attempt, found, cancel: cancel === "unclear" ? "closed" : cancel } };`,
    },
    {
      name: "a press answers with the link that it has just closed",
      focus: "failed tries",
      file: "lib/flows/steps/leave-checkout.ts",
      from: "if (run.closed.has(txRefOf(payment, attempt))) throw heldError(payment, held, run.context());",
      to: "",
    },
    {
      name: "a press does not ask about a checkout whose last try failed",
      file: "lib/domain/decide.ts",
      from: "if (isLive && !attempts[attempt]?.lastRead) return answer;",
      to: "if (isLive) return answer;",
      harmless:
        "the link can still be paid; test/cases/one-press-one-code.integration.test.ts says what such a press answers",
    },
    {
      name: "a press closes a checkout on which a further try is under way",
      file: "lib/flows/steps/leave-checkout.ts",
      from: `  if (isUnderWay(first)) return { kind: "held", last: first };\n`,
      to: "",
      harmless:
        "it costs the payer that try, and money under way is found; test/cases/one-press-one-code.integration.test.ts has such a press",
    },
    {
      name: "closing without the first verify",
      file: "lib/flows/steps/close-checkout.ts",
      from: "const before = first ?? (await chapa.verify(txRef, owner, left()));",
      to: `const before = (first ?? { kind: "unpaid", reason: "pending" }) as VerifyResult;`,
      harmless: "it spares a payer who is about to pay; the second verify is what proves",
    },
    {
      name: "what Chapa does not answer counts as unpaid and cancelled",
      caughtBy: ["chaos"],
      file: "lib/flows/steps/close-checkout.ts",
      from: `if (isProof && isCancelled) return { kind: "closed", evidence: { attempt, found, cancel } };`,
      to: `return { kind: "closed", evidence: { attempt, found: "failed", cancel: "closed" } };`,
      also: [
        {
          file: "lib/flows/steps/close-checkout.ts",
          from: `if (!isNotMoney(before)) return concluded(before);`,
          to: `if (!isNotMoney(before) && before.kind !== "unavailable") return concluded(before);`,
        },
        {
          file: "lib/flows/steps/close-checkout.ts",
          from: `if (!isNotMoney(after)) return concluded(after, isCancelled);`,
          to: `if (!isNotMoney(after) && after.kind !== "unavailable") return concluded(after, isCancelled);`,
        },
      ],
    },
  ]),
  ...against("timeout: due query", [
    {
      name: "the timeout gives up without asking",
      file: "lib/flows/resolve.ts",
      from: "const closing: Closing = await closeCheckout(run.ports, ended, { attempt, first, isLapsed }, run);",
      to: `const closing = { kind: "closed", evidence: { attempt, found: "failed", cancel: first ? "closed" : "closed" } } as Closing;`,
    },
    {
      name: "nothing is due any more once it is settled",
      file: "lib/domain/verification-schedule.ts",
      from: "  if (isInert(payment)) return undefined;\n",
      to: "  if (isInert(payment) || isSettledUnpaid(payment)) return undefined;\n",
    },
    {
      name: "a checkout that was left is never verified again",
      file: "lib/domain/verification-schedule.ts",
      from: "return ages.map((age) => closedAt + age).find((at) => at > now);",
      to: "return undefined;",
    },
    {
      name: "a closed checkout that may be paid is verified for a week only",
      focus: "late money in unknown words",
      file: "lib/domain/verification-schedule.ts",
      from: `lastRead === "maybe_money" ? VERIFICATIONS_AFTER_LAPSE_MS : `,
      to: "",
    },
    {
      name: "a payment is finalised while Chapa speaks of money",
      focus: "late money in unknown words",
      file: "lib/domain/verification-schedule.ts",
      from: "hasLapsedLink(payment) || mayBePaid(payment)",
      to: "hasLapsedLink(payment)",
    },
    {
      name: "the keys of the due index are written one by one",
      file: "lib/table/payments.ts",
      from: "difference(toItem(before), wanted, DUE_KEYS)",
      to: "difference(toItem(before), wanted)",
      harmless:
        "no write is made over one that it has not seen, so the two keys never part; the table of DynamoDB would refuse one alone",
    },
    {
      name: "the sweep looks at the latest checkout only",
      focus: "old links",
      file: "lib/domain/verification-schedule.ts",
      from: "if (due.length > 0) return due.map(({ number }) => number);",
      to: "if (due.length > 0) return [payment.attempt];",
    },
  ]),
  ...against("initiate 3: take an attempt", [
    {
      name: "a renewal without closing evidence",
      file: "lib/flows/steps/leave-checkout.ts",
      from: "const closing = await close(ports, payment, { attempt, isInWindow }, run);",
      to: `const closing = { kind: "closed", evidence: { attempt, found: "failed", cancel: "closed" } } as Closing;`,
    },
    {
      name: "nobody waits for a lease",
      file: "lib/domain/transitions.ts",
      from: "!lease || lease.holder === holder || lease.until <= now;",
      to: "!lease || lease.holder === holder || lease.until <= now || now > 0;",
      harmless:
        "a request that is overtaken is fenced out, and ends its checkout, which nobody was given; it costs a checkout each time",
    },
  ]),
  ...against("initiate 2: claim", [
    {
      name: "a repeated request opens a settled payment again",
      file: "lib/domain/decide.ts",
      from: "request.recordedAt <= payment.settledAt) return answer;",
      to: "request.recordedAt < 0) return answer;",
      also: [
        {
          file: "lib/domain/transitions.ts",
          from: ") => recordedAt > settledAt;",
          to: ") => recordedAt > 0 && settledAt > 0;",
        },
      ],
    },
  ]),
  ...against("notify: send, read again", [
    {
      name: "a finalised payment is opened again",
      file: "lib/domain/decide.ts",
      from: `if (payment.finalised) return`,
      to: `if (request.by === "") return`,
      also: [
        {
          file: "lib/domain/transitions.ts",
          from: "guards: { withoutNext, notFinalised, requestIsNewer, attemptsLeft },",
          to: "guards: { requestIsNewer, attemptsLeft },",
        },
      ],
    },
    {
      name: "a send without an answer counts as heard",
      focus: "lost answers of the listing",
      file: "lib/flows/notify-listing.ts",
      from: 'return { kind: "retry", delaySeconds: QUIET_AFTER_SEND_MS / SECOND_MS };',
      to: `return ended(ports, delivery, true);`,
    },
    {
      name: "a preflight acknowledges",
      file: "lib/flows/notify-listing.ts",
      from: `  if (preflight.kind !== "received") return judge(ports, delivery, preflight);`,
      to: `  if (preflight.kind !== "received") return judge(ports, delivery, preflight);\n  if (delivery.payment.attempt >= 0) return ended(ports, delivery, true);`,
    },
    {
      name: "the listing hears FAILED before the payment is finalised",
      file: "lib/domain/events.ts",
      from: "return payment.finalised && WIRE_STATUS",
      to: "return WIRE_STATUS",
    },
    {
      name: "the listing hears FAILED while another payment of the property is open",
      file: "lib/flows/notify-listing.ts",
      from: `if (status === "FAILED" && (unreadable > 0 || others.some(isOpenOrPaid)))`,
      to: `if (others.length < 0)`,
      harmless: "every harness has one user for a property; test/functions/notify-listing.integration.test.ts has two",
    },
    {
      name: "every purpose confirms the listing",
      file: "lib/domain/verification-schedule.ts",
      from: "return confirmingPurposes.some((one) => one === purpose);",
      to: "return purpose !== undefined && confirmingPurposes.length > 0;",
      harmless: "every harness sells one purpose; test/functions/notify-listing.integration.test.ts sells three",
    },
    {
      name: "the listing is not read again after a send",
      file: "lib/flows/notify-listing.ts",
      from: '    if (step.kind === "done") delivered = status;\n',
      to: '    if (step.kind === "done") return step;\n',
      harmless: "each newer version has a message of its own, and the sweep publishes a success until it is heard",
    },
  ]),
  ...against("initiate 4: Chapa initialize", [
    {
      name: "a take-over uses the reference again",
      file: "lib/domain/apply.ts",
      from: "isTriedAgain(payment, asking) ? payment.attempt : payment.attempt + 1",
      to: "payment.attempt",
    },
    {
      name: "a lost answer counts as never sent",
      file: "lib/chapa/client.ts",
      from: `reply.sent ? "lost" : "unsent"`,
      to: `"unsent"`,
      harmless: "Chapa opens one checkout for a reference and refuses the next, which costs an attempt in either case",
    },
  ]),
  ...against("reconcile", [
    {
      name: "a finding of the comparison is told to nobody",
      focus: "a row is lost",
      file: "lib/flows/reconcile.ts",
      from: `run.ports.log.error("reconcile_finding"`,
      to: `run.ports.log.info("reconciled"`,
    },
    {
      name: "only the first page of Chapa's list is read",
      focus: "a busy account",
      file: "lib/flows/reconcile.ts",
      from: "const isEnd = list.last || ",
      to: "const isEnd = page > 0 || list.last || ",
    },
    {
      name: "money in Chapa's list that nothing names is dropped",
      focus: "a row is lost",
      file: "lib/flows/reconcile.ts",
      from: `if (foreign.length > 0) report(run, "foreign", { references: foreign.join(" ") });`,
      to: "",
    },
    {
      name: "money without a row is dropped",
      focus: "a row is lost",
      file: "lib/flows/steps/record-capture.ts",
      from: "  const row = known.payment ?? (await adopt(ports, known.key, money, run));\n",
      to: "  const row = known.payment;\n  if (!row) return undefined;\n",
    },
    {
      name: "a webhook without a row is forgotten while Chapa is silent",
      focus: "a row is lost",
      file: "lib/flows/resolve.ts",
      from: "  if (!isUnanswered || resolved.payment) return undefined;",
      to: "  if (!isUnanswered || resolved.payment || receives > 0) return undefined;",
    },
    {
      name: "beside a paid checkout no other is verified",
      file: "lib/flows/sweep.ts",
      from: `  if (payment.state !== "SUCCESS") return false;`,
      to: `  if (payment.state !== "SUCCESS") return false;\n  if (now > 0) return true;`,
    },
    {
      name: "totals are not written anew",
      file: "lib/flows/reconcile.ts",
      from: "  if (unreadable === 0) await run.ports.totals.rewrite(day, totals);\n",
      to: "",
    },
  ]),
  ...against("notify: the user", [
    {
      name: "a payer hears what has been overtaken",
      file: "lib/flows/notify-user.ts",
      from: "!payment?.userId || !isCurrent(message.event, payment)",
      to: "!payment?.userId",
    },
    {
      name: "a payer hears that nobody paid after they paid",
      focus: "finalised and paid",
      file: "lib/flows/notify-user.ts",
      from: "!payment?.userId || !isCurrent(message.event, payment)",
      to: `!payment?.userId || (message.event === "initiated" && !isCurrent(message.event, payment))`,
    },
    {
      name: "a message that the notification service has accepted is sent again",
      file: "lib/flows/notify-user.ts",
      from: "if (known.sentAt !== undefined)",
      to: "if (known.sentAt === 0)",
    },
    {
      name: "a message that the notification service does not allow is thrown away",
      file: "lib/flows/notify-user.ts",
      from: "      await ports.waiting.send({ message: received.body });\n",
      to: "",
    },
  ]),
  ...against("data at rest", [
    {
      name: "contact data is stored as it came",
      file: "lib/table/contacts.ts",
      from: "key_id: current, iv, ciphertext,",
      to: "key_id: current, iv, ciphertext, clear: Buffer.from(JSON.stringify(contact)),",
    },
    {
      name: "contact data is kept for a year",
      file: "lib/table/contacts.ts",
      from: "const TTL_MS = 30 * DAY_MS;",
      to: "const TTL_MS = 365 * DAY_MS;",
    },
  ]),
  ...against("webhook: check and queue", [
    {
      name: "nothing looks but webhooks",
      file: "lib/flows/sweep.ts",
      from: "  await ports.resolve.sendAll(verifications);\n",
      to: "",
    },
  ]),
  ...against("outbox: stream to queue", [
    {
      name: "a version is counted as often as its record comes",
      focus: "lost answers of the listing",
      file: "lib/flows/publish.ts",
      from: "if (isFirst === false) return;",
      to: "",
      also: [{ file: "lib/flows/publish.ts", from: "if (isFirst && totals)", to: "if (totals)" }],
    },
    {
      name: "a row that was put back from a backup is a new version",
      file: "lib/domain/events.ts",
      from: "before ? after.version > before.version : after.version === 1",
      to: "before ? after.version !== before.version : after.version > 0",
      harmless: "no harness puts a row back; test/functions/publish-events.integration.test.ts does",
    },
    {
      name: "a success that nobody heard is not published again",
      file: "lib/flows/sweep.ts",
      from: "const unacknowledged = due.filter((payment) => awaitsAcknowledgement(payment, ports.policy));",
      to: "const unacknowledged = due.filter(() => now < 0);",
    },
  ]),
  ...against("a person is called", [
    {
      name: "attention is counted by nobody",
      file: "lib/table/payment-item.ts",
      from: "flag_shard: flagAt === undefined ? undefined : flagShardOf(payment.ref),",
      to: "flag_shard: undefined,",
    },
    {
      name: "attention is counted once and then no more",
      file: "lib/flows/publish-attention.ts",
      from: `gauge("OpenAttention", since.length);`,
      to: `gauge("OpenAttention", since.filter((at) => now - at < SECOND_MS).length);`,
    },
  ]),
  ...against("initiate 1: limit", [
    {
      name: "a refused request deletes its row, even when another has it now",
      focus: "lost answers of the table",
      file: "lib/table/payments.ts",
      from: `"#version = :seen AND #state = :created AND #lease.#holder = :holder"`,
      to: `"attribute_exists(pk) OR #version = :seen OR #state = :created OR #lease.#holder = :holder"`,
    },
  ]),
  ...against("audit", [
    {
      name: "a move leaves no history",
      file: "lib/domain/new-version.ts",
      from: "history: shortened([...payment.history, { transition: name, at: now, by, evidence }]),",
      to: "history: shortened(evidence ? [...payment.history, { transition: name, at: now, by, evidence }] : payment.history),",
    },
  ]),
  ...against("refund", [
    {
      name: "money that went back can be refunded again",
      focus: "money goes back",
      file: "lib/domain/payment.ts",
      from: "capture.currency === terms.currency ? [leftOf(payment, capture)] : [],",
      to: "capture.currency === terms.currency ? [capture.amount] : [],",
    },
    {
      name: "money that went back is still revenue",
      focus: "money goes back",
      file: "lib/domain/payment.ts",
      from: "(capture.amount ? [leftOf(payment, capture)] : [])",
      to: "(capture.amount ? [capture.amount] : [])",
    },
    {
      name: "the moment of payment moves when the money goes back",
      focus: "money goes back",
      file: "lib/domain/apply-money.ts",
      from: "? { ...known, ...(reversal ? {} : reported), kind:",
      to: "? { ...known, at: now, ...(reversal ? {} : reported), kind:",
    },
  ]),
  ...against("lapse", [
    {
      name: "a checkout lapses in its window",
      focus: "Chapa never cancels",
      file: "lib/domain/verification-schedule.ts",
      from: "return Math.max(windowEnd(attempt, policy) + policy.lapseMs, reading + BETWEEN_READINGS_MS);",
      to: "return Math.min(reading, (attempt.unpaidReadAt ?? attempt.openedAt) + BETWEEN_READINGS_MS);",
    },
    {
      name: "one reading is enough for a lapse",
      file: "lib/domain/verification-schedule.ts",
      from: "+ policy.lapseMs, reading + BETWEEN_READINGS_MS);",
      to: "+ policy.lapseMs, reading);",
    },
    {
      name: "a checkout lapses without a verify after its cancel",
      file: "lib/flows/steps/close-checkout.ts",
      from: "const after = await chapa.verify(txRef, { ...owner, key }, left());",
      to: `const { now: at, policy: rules } = context();
  const isLapseOver = cancel === "unclear" && at >= lapseAt(payment, attempt, at, rules);
  const after = isLapseOver ? before as VerifyResult : await chapa.verify(txRef, { ...owner, key }, left());`,
    },
    {
      name: "a checkout lapses although money may have come",
      focus: "unknown words",
      file: "lib/flows/steps/close-checkout.ts",
      from: `if (!isNotMoney(before)) return concluded(before);`,
      to: `if (!isNotMoney(before) && before.kind !== "maybe_money") return concluded(before);`,
      also: [
        {
          file: "lib/flows/steps/close-checkout.ts",
          from: `if (!isNotMoney(after)) return concluded(after, isCancelled);`,
          to: `if (!isNotMoney(after) && after.kind !== "maybe_money") return concluded(after, isCancelled);`,
        },
      ],
    },
    {
      name: "a checkout never lapses",
      focus: "Chapa never cancels",
      file: "lib/flows/steps/close-checkout.ts",
      from: "const isOver = now >= lapseAt(payment, attempt, now, policy);",
      to: "const isOver = now < lapseAt(payment, attempt, now, policy) - Number.MAX_SAFE_INTEGER;",
    },
    {
      name: "a checkout lapses without a cancel",
      focus: "Chapa never cancels",
      file: "lib/flows/steps/close-checkout.ts",
      from: "const cancel = await chapa.cancel(txRef, key, left());",
      to: `const { now: before0, policy: rules } = context();
  const isLapseOver = before0 >= lapseAt(payment, attempt, before0, rules);
  const cancel = isLapseOver ? ("unclear" as "closed" | "unclear") : await chapa.cancel(txRef, key, left());`,
    },
    {
      name: "a reading in its window counts for the lapse of a checkout",
      focus: "Chapa never cancels",
      file: "lib/domain/notes.ts",
      from: "unpaidReadAt: isNotMoney(found) && isLate ? (known ?? now) : known,",
      to: "unpaidReadAt: isNotMoney(found) ? (known ?? now) : known,",
    },
    {
      name: "a lapse needs no time after the window",
      focus: "Chapa never cancels",
      file: "lib/domain/verification-schedule.ts",
      from: "return Math.max(windowEnd(attempt, policy) + policy.lapseMs, reading + BETWEEN_READINGS_MS);",
      to: "return reading + BETWEEN_READINGS_MS;",
    },
    {
      name: "a lapsed checkout is never verified again",
      focus: "Chapa never cancels",
      file: "lib/domain/verification-schedule.ts",
      from: "return VERIFICATIONS_AFTER_LAPSE_MS.map((age) => lapsedAt + age).find((at) => at > now);",
      to: "return undefined;",
    },
    {
      name: "a payment is finalised although a link of it lapsed",
      focus: "Chapa never cancels",
      file: "lib/domain/verification-schedule.ts",
      from: `some(({ end, closedAt }) => end === "lapsed" && closedAt === undefined);`,
      to: `some(({ end, closedAt }) => end === "lapsed" && closedAt === 0);`,
    },
    {
      name: "maybe money leaves the earlier reading as it is",
      file: "lib/domain/notes.ts",
      from: `const known = found.kind === "maybe_money" ? undefined : record.unpaidReadAt;`,
      to: "const known = record.unpaidReadAt;",
      harmless:
        'no simulated Chapa takes back a word that may mean money; the model does ("maybe money removes the first reading")',
    },
    {
      name: "the cancel of a lapsed link is not tried again",
      file: "lib/domain/verification-schedule.ts",
      from: `      return end === "lapsed" || !hasEnded(payment, number);`,
      to: "      return !hasEnded(payment, number);",
      harmless:
        'its money is found all the same; the model asks for it ("a lapsed checkout is cancelled again at each verification")',
    },
    {
      name: "an answer about another reference counts",
      file: "lib/chapa/classify.ts",
      from: `  if (!isAbout(asked, envelope.data)) return unavailable("unreadable");\n`,
      to: "",
      harmless:
        "no simulated Chapa confuses references; test/cases/money-after-the-fact.integration.test.ts has one that does",
    },
  ]),
  ...against("keys and modes", [
    {
      name: "not found by another key closes a checkout",
      focus: "other keys",
      file: "lib/chapa/client.ts",
      from: `if (isOthers && answer.kind === "unpaid" && answer.reason === "not_found") isForeign = true;`,
      to: `if (isOthers && answer.kind === "unpaid" && key === "") isForeign = true;`,
    },
    {
      name: "a key that was renewed at Chapa loses its checkouts",
      focus: "renewed key",
      file: "lib/chapa/client.ts",
      from: "yield* others.filter((key) => owner === undefined || (!isOwn(key) && modeOf(key) === owner.mode));",
      to: "yield* others.filter(() => owner === undefined);",
    },
    {
      name: "a checkout is opened with the current key whatever its row says",
      focus: "other keys",
      file: "lib/chapa/client.ts",
      from: "const key = await this.#keyOf(checkout.key);",
      to: "const [key] = checkout.key ? await this.#keys.get() : [];",
    },
    {
      name: "a key of the other mode opens checkouts",
      file: "lib/flows/steps/begin-request.ts",
      from: "current.mode === ports.policy.expectedMode ? undefined : keyModeWrong(ports, current.mode)",
      to: "current.mode.length > 0 ? undefined : keyModeWrong(ports, current.mode)",
      harmless:
        "in every run the settings of a stage and its key change together; the tests of initiate and of the gateway's check have them apart",
    },
    {
      name: "a test checkout of a live stage is waited for",
      focus: "going live",
      file: "lib/domain/transitions.ts",
      from: "  return isReviewed || !hasEnded(payment, attempt);",
      to: "  return isReviewed;",
    },
    {
      name: "a test checkout is asked about for ever on a live stage",
      focus: "going live",
      file: "lib/flows/resolve.ts",
      from: "const left = notVerifiedAgain(payment, attempt, context);",
      to: "const left = payment;",
    },
    {
      name: "play money waits for the listing of a live stage",
      focus: "going live",
      file: "lib/domain/verification-schedule.ts",
      from: " || isPlayMoney(shownTerms(payment), policy)) return false;",
      to: ") return false;",
    },
  ]),
  ...against("a lost initialize", [
    {
      name: "a lost initialize costs an attempt while verify is silent",
      focus: "lost initializes",
      file: "lib/flows/steps/recover-attempt.ts",
      from: `    case "maybe_money":\n    case "unavailable": {`,
      to: `    case "unavailable":\n      return next({ ports, job }, payment, context());\n    case "maybe_money": {`,
    },
    {
      name: "a lost checkout is cancelled before the next attempt is written",
      focus: "lost initializes",
      file: "lib/flows/steps/recover-attempt.ts",
      from: "      const begun = await next({ ports, job }, payment, context());\n",
      to: "      await ports.chapa.cancel(txRef, terms.key, left());\n      const begun = await next({ ports, job }, payment, context());\n",
    },
    {
      name: "an attempt of which Chapa knows nothing is used up",
      focus: "lost initializes",
      file: "lib/flows/steps/recover-attempt.ts",
      from: `how === "lost" ? true : undefined`,
      to: "undefined",
    },
    {
      name: "a burnt reference is tried for ever",
      focus: "burnt references",
      file: "lib/flows/steps/recover-attempt.ts",
      from: `how === "lost" ? true : undefined`,
      to: "true",
    },
    {
      name: "the wait after lost initializes has no limit",
      focus: "lost initializes",
      file: "lib/flows/steps/open-checkout.ts",
      from: "const waitMs = Math.min(FIRST_LOST_LEASE_MS * 2 ** (lost - 1), LONGEST_LOST_LEASE_MS);",
      to: "const waitMs = Math.max(FIRST_LOST_LEASE_MS * 2 ** (lost - 1), LONGEST_LOST_LEASE_MS * 48);",
    },
    {
      name: "a claim that was made anew is taken for the one before",
      harmless: "each write compares the holder of the lease, so a claim that was made anew refuses it",
      file: "lib/flows/steps/open-checkout.ts",
      from: ` && isAllowed("open", current, { ...contextOf(ports), holder });`,
      to: ";",
    },
  ]),
  ...against("webhook: a silent Chapa", [
    {
      name: "a verification that Chapa did not answer counts as done",
      focus: "finalised and paid",
      file: "lib/flows/resolve.ts",
      from: ": unreachable(current, now);",
      to: ": noteVerification(current, attempt, undefined, now);",
    },
    {
      name: "an answer about one checkout is lost where the latest one gives none",
      focus: "other keys",
      file: "lib/flows/resolve.ts",
      from: "const noted = isUnanswered && !isOther ? held :",
      to: "const noted = isUnanswered ? held :",
    },
    {
      name: "a webhook that Chapa's verify does not answer is forgotten",
      focus: "old links",
      file: "lib/flows/resolve.ts",
      from: `if (trigger === "webhook" && current.attempts[attempt]) return webhookWaits`,
      to: `if (trigger === "webhook" && attempt < 0) return webhookWaits`,
    },
    {
      name: "a signed webhook of a paid fee is not checked",
      focus: "old links",
      file: "lib/flows/resolve.ts",
      from: "  if (!isUnverified(trigger)) return true;\n",
      to: `  if (!isUnverified(trigger)) return trigger !== "webhook" || payment.state !== "SUCCESS";\n`,
    },
    {
      name: "a note is written over one that it has not seen",
      focus: "write races",
      file: "lib/table/payments.ts",
      from: "`#version = :seen AND #revision = :read",
      to: "`#revision = :read OR #version = :seen",
    },
    {
      name: "a payer hears that nobody paid while a webhook waits",
      focus: "webhook then silence",
      file: "lib/domain/events.ts",
      from: ` && (event === "paid" || !mayBePaid(payment));`,
      to: ";",
    },
  ]),
  ...against("races", [
    {
      name: "an opener cancels its own link after a lost answer",
      focus: "lost answers of the table",
      file: "lib/flows/steps/open-checkout.ts",
      from: "const isStored = saved.payment?.attempts[attempt] !== undefined;",
      to: "const isStored = attempt < 0;",
      also: [
        {
          file: "lib/table/conditional.ts",
          from: "return there && isOurs(there) ? { won: true } : { won: false, there };",
          to: "return { won: false, there };",
        },
      ],
    },
    {
      name: "a payment is settled as unpaid while Chapa speaks of money on an earlier checkout",
      focus: "late money in unknown words",
      file: "lib/domain/transitions.ts",
      from: `!(cancel === "ended" ? mayBePaid(payment) : mayBePaidEarlier(payment));`,
      to: `!(cancel === "ended" && false && mayBePaid(payment));`,
      also: [
        {
          file: "lib/flows/cancel.ts",
          from: "if (mayBePaidEarlier(current)) throw new PaymentUnclear();",
          to: "if (mayBePaidEarlier(current) && deadline === 0) throw new PaymentUnclear();",
        },
      ],
    },
    {
      name: "a paid payment keeps its URL",
      file: "lib/domain/apply-money.ts",
      from: "    ...WITHOUT_LINK,\n    failureReason: undefined,",
      to: "    lease: undefined,\n    failureReason: undefined,",
    },
    {
      name: "the listing hears what was read before the payment changed",
      focus: "write races",
      file: "lib/flows/notify-listing.ts",
      from: `if (!sent.won || !sent.payment) return { kind: "changed" };`,
      to: `if (!sent.payment) return { kind: "changed" };`,
    },
    {
      name: "money is dropped when its write loses a race",
      focus: "write races",
      file: "lib/flows/steps/record-capture.ts",
      from: "    const context = run.context();\n    made =",
      to: "    const context = run.context();\n    if (current.revision !== row.revision) return undefined;\n    made =",
    },
  ]),
  ...against("one fee, several payments", [
    {
      name: "a press beside an unanswered duplicate is answered",
      file: "lib/domain/decide.ts",
      from: "const isUnclear = isDuplicateOpen(payment) ||",
      to: "const isUnclear =",
      focus: "the fee goes on",
    },
    {
      name: "money confirms a payment that was left",
      file: "lib/domain/transitions.ts",
      from: "guards: { withoutNext, attemptIsOurs, asAgreed,",
      to: "guards: { attemptIsOurs, asAgreed,",
      focus: "the fee goes on",
    },
    {
      name: "money on a payment that was left is reviewed",
      file: "lib/domain/transitions.ts",
      from: "guards: { withoutNext, attemptIsOurs, notAsAgreed,",
      to: "guards: { attemptIsOurs, notAsAgreed,",
      focus: "the fee goes on",
    },
    {
      name: "money on a payment that was left and is not a success is dropped",
      file: "lib/domain/transitions.ts",
      from: 'state === "SUCCESS" || next !== undefined;',
      to: 'state === "SUCCESS" || (next !== undefined && state === "PENDING");',
      focus: "the fee goes on",
    },
    {
      name: "a request that was recorded before the fee was spent opens the next payment",
      file: "lib/domain/transitions.ts",
      from: "return since !== undefined && recordedAt > since;",
      to: "return since !== undefined && recordedAt > 0;",
      focus: "the fee goes on",
    },
    {
      name: "the time at which a fee was spent changes after it was left",
      file: "lib/domain/new-version.ts",
      from: "...(next.next === undefined ? { spentAt: isSpent ? (payment.spentAt ?? now) : undefined } : {}),",
      to: "spentAt: isSpent ? (payment.spentAt ?? now) : undefined,",
      focus: "the fee goes on",
    },
    {
      name: "nobody cancels the last checkout beside a duplicate",
      file: "lib/flows/resolve.ts",
      from: "const after = judged && (await endBesideDuplicate(ports, judged, { context, deadline }));",
      to: "const after = judged;",
      focus: "the fee goes on",
      also: [
        {
          file: "lib/flows/steps/record-capture.ts",
          from: "  if (after && isDuplicateOpen(after)) await endLastLink(ports, after, run);\n",
          to: "",
        },
      ],
    },
    {
      name: "only the worker that records a duplicate cancels the last checkout",
      file: "lib/flows/resolve.ts",
      from: "const after = judged && (await endBesideDuplicate(ports, judged, { context, deadline }));",
      to: "const after = judged;",
      focus: "the fee goes on",
      harmless:
        "too rare for random runs: a press must publish its link just after the money was recorded; the model of serials shows it",
    },
    {
      name: "the worker that records a duplicate leaves the last checkout alone",
      file: "lib/flows/steps/record-capture.ts",
      from: "  if (after && isDuplicateOpen(after)) await endLastLink(ports, after, run);\n",
      to: "",
      focus: "the fee goes on",
      harmless: "the next verification of that checkout cancels it minutes later, and somebody may pay meanwhile",
    },
    {
      name: "a payer hears that the last payment expired beside a duplicate",
      file: "lib/flows/notify-user.ts",
      from: "if (mayBePaidBefore(earlier)) return",
      to: "if (earlier.length < 0) return",
      focus: "the fee goes on",
    },
    {
      name: "a payment with test money alone holds its owner after the stage went live",
      file: "lib/domain/decide.ts",
      from: 'if (isAllowed("leaveTest", payment, asking)) return',
      to: 'if (payment.version < 0 && isAllowed("leaveTest", payment, asking)) return',
      focus: "going live",
    },
    {
      name: "a worker with older settings counts test money beside a live checkout",
      file: "lib/domain/transitions.ts",
      from: "return !isLeft || !isTestMoney(",
      to: "return !isLeft || attempt >= 0 || !isTestMoney(",
      focus: "going live",
    },
  ]),
  ...against("refunds by people", [
    {
      name: "one refund has a reference for each sender",
      focus: "people send money back",
      file: "lib/flows/steps/advance-refunds.ts",
      from: "      reference: refundReferenceOf(payment.ref, id),\n    },",
      to: "      reference: refundReferenceOf(payment.ref, id + sender),\n    },",
    },
    {
      name: "the same refund asked for again gets an id of its own",
      focus: "people send money back",
      file: "lib/flows/refund-payment.ts",
      from: "  const { id, amount } = request;",
      to: "  request.id += ports.newId();\n  const { id, amount } = request;",
    },
    {
      name: "a refund that was asked for again is another one",
      focus: "people send money back",
      file: "lib/flows/refund-payment.ts",
      from: "  const known = refundIn(payment, id);\n  if (!known) return false;",
      to: "  const known = refundIn(payment, id);\n  if (!known || version !== payment.version - 2) return false;",
      also: [
        {
          file: "lib/flows/refund-payment.ts",
          from: "{ id, capture, amount, reason }: RefundCommand): boolean {",
          to: "{ id, capture, amount, reason, version }: RefundCommand): boolean {",
        },
        {
          file: "lib/domain/transitions.ts",
          from: "guards: { refundIdUnused, leftCovers, roomForRefund },",
          to: "guards: { leftCovers, roomForRefund },",
        },
      ],
    },
    {
      name: "what is being sent back is still left",
      focus: "people send money back",
      file: "lib/domain/payment.ts",
      from: "  const open = amountIn(refundsOf(payment, capture), isRefundOpen);",
      to: "  const open = amountIn(refundsOf(payment, capture), () => false);",
    },
    {
      name: "what Chapa reports as sent back is summed up",
      focus: "money goes back",
      file: "lib/domain/payment.ts",
      from: "refunded: isInPart ? refunded : greater(refunded, all), reversed",
      to: "refunded: isInPart ? refunded : Santim.parse(refunded + all), reversed",
    },
    {
      name: "of two senders of one refund both call Chapa",
      focus: "people send money back",
      file: "lib/flows/steps/advance-refunds.ts",
      from: "  if (!begun.stepped || refund?.sentBy !== sender || attempt === undefined) return begun.payment;",
      to: "  if (!refund || attempt === undefined) return begun.payment;",
    },
    {
      name: "a refund without an answer is sent again",
      focus: "people send money back",
      file: "lib/flows/steps/advance-refunds.ts",
      from: `    else if (refund.state === "REQUESTED") current`,
      to: `    else if (refund.state === "REQUESTED" || (refund.state === "SENT" && !refund.chapaRef)) current`,
      also: [
        {
          file: "lib/domain/transitions.ts",
          from: `const refundIsRequested = refundIsIn("REQUESTED");`,
          to: `const refundIsRequested = (payment: Payment, step: { id: string }) =>
  refundIsIn("REQUESTED")(payment, step) || refundIsIn("SENT")(payment, step);`,
        },
      ],
    },
    {
      name: "more than Chapa may send counts as refused while another refund is open",
      focus: "people send money back",
      file: "lib/flows/steps/advance-refunds.ts",
      from: "    if (unless?.(current)) return undefined;\n",
      to: "",
    },
    {
      name: "a failure that Chapa does not explain counts as refused",
      focus: "people send money back",
      file: "lib/chapa/classify-refund.ts",
      from: `  if (mentions(message, "cannot exceed")) return { kind: "above", reason: ABOVE };\n  return { kind: "unclear" };`,
      to: `  if (mentions(message, "cannot exceed")) return { kind: "above", reason: ABOVE };\n  return { kind: "refused", reason: ABOVE };`,
    },
    {
      name: "a refund that comes to nothing calls nobody",
      focus: "people send money back",
      file: "lib/domain/refunds.ts",
      from: `if (name === "refundRefused") return { code: "refund_refused", subject: id, amount };`,
      to: `if (name === "refundRefused") return undefined;`,
    },
    {
      name: "a refund that came to nothing still counts as sent back",
      focus: "people send money back",
      file: "lib/domain/transitions.ts",
      from: `const refundIsSettled = refundIsIn("SETTLED");`,
      to: `const refundIsSettled = (payment: Payment, step: { id: string }) => refundIsIn("SETTLED")(payment, step) && payment.version < 0;`,
    },
    {
      name: "a refund without an end calls nobody",
      focus: "people send money back",
      file: "lib/domain/refunds.ts",
      from: `if (state === "REQUESTED" || state === "SENT") return at;`,
      to: `if (state === "REQUESTED") return at;`,
    },
    {
      name: "what the bank took can be sent back",
      focus: "people send money back",
      file: "lib/domain/payment.ts",
      from: "  if (backOf(capture).reversed > 0) return NOTHING;\n",
      to: "",
    },
    {
      name: "a refund that only the bank's reversal settled stays settled",
      focus: "people send money back",
      file: "lib/domain/refunds.ts",
      from: "    if (refund.before !== undefined && reversed === 0) {",
      to: "    if (refund.before !== undefined && reversed < 0) {",
    },
    {
      name: "a refund that only the bank's reversal settled is undone when the money is back",
      focus: "people send money back",
      file: "lib/domain/refunds.ts",
      from: "return { ...refund, state: refund.before, before: undefined, settledAt: undefined, checkAt: now };",
      to: `return { ...refund, state: "UNDONE", before: undefined, settledAt: undefined, checkAt: undefined };`,
    },
    {
      name: "money that the bank returns calls nobody",
      focus: "people decide",
      file: "lib/domain/apply-money.ts",
      from: `...(paysItsFee(payment, money) ? {} : withFlag("duplicate")),`,
      to: `...(paysItsFee(payment, money) || payment.version > 0 ? {} : withFlag("duplicate")),`,
    },
  ]),
  ...against("decisions of people", [
    {
      name: "a decision is carried over to a newer version",
      focus: "people decide",
      file: "lib/flows/decide-review.ts",
      from: "    if (isMadeSince(current, name, version)) return undefined;\n    requireSeen(current, version);",
      to: "    if (isMadeSince(current, name, version)) return undefined;",
      also: [
        {
          file: "lib/flows/decide-review.ts",
          from: "  if (after) requireSeen(after, payment.version);\n",
          to: "",
        },
      ],
    },
    {
      name: "a refund is requested of a newer version",
      focus: "people send money back",
      file: "lib/flows/refund-payment.ts",
      from: "    if (isKnown(current, asked)) return undefined;\n    requireSeen(current, asked.version);",
      to: "    if (isKnown(current, asked)) return undefined;",
    },
    {
      name: "a person's word about a refund is carried over to a newer version",
      focus: "people send money back",
      file: "lib/flows/steps/advance-refunds.ts",
      from: "    if (seen !== undefined) requireSeen(current, seen);\n",
      to: "",
    },
    {
      name: "an answer is carried over to a newer version",
      focus: "people decide",
      file: "lib/flows/answer-attention.ts",
      from: "    requireSeen(current, version);\n",
      to: "",
    },
    {
      name: "what ends takes a person's answer with it",
      focus: "people send money back",
      file: "lib/domain/attention.ts",
      from: "(entry.answered !== undefined && !isCondition(entry.code)) || entry.answered?.by === ENDED;",
      to: "entry.answered?.by === ENDED;",
    },
    {
      name: "a decision is told before it is stored",
      focus: "people decide",
      file: "lib/flows/decide-review.ts",
      from: "    return rejectReview(current, evidence, run.context());",
      to: "    return current.version % 2 === 0 ? rejectReview(current, evidence, run.context()) : (undefined as never);",
    },
    {
      name: "money under review on a payment that was left cannot be decided about",
      focus: "people decide",
      file: "lib/domain/transitions.ts",
      from: "guards: { noOpenWordOfMoney, everyAttemptEnds,",
      to: "guards: { withoutNext, noOpenWordOfMoney, everyAttemptEnds,",
    },
    {
      name: "a payment with money that a person did not take is never finalised",
      focus: "people decide",
      file: "lib/flows/resolve.ts",
      from: `    return isAllowed("finalise", ended, { ...context, attempt }) ? finalise(ended, attempt, context) : ended;`,
      to: "    return ended;",
    },
    {
      name: "money that a person did not take is verified for ever",
      focus: "people decide",
      file: "lib/domain/verification-schedule.ts",
      from: `kind === "confirmed" || (kind === "reviewed" && !isReviewed));`,
      to: `kind === "confirmed" || (kind === "reviewed" && isReviewed && now < 0));`,
    },
  ]),
  ...against("identity", [
    {
      name: "a reference of another program or stage is ours",
      file: "lib/domain/ids.ts",
      from: "  if (txRef !== text) return undefined;\n",
      to: "",
      harmless:
        "no run hears of such a reference; the published vectors and the tests of the webhook and the comparison do",
    },
    {
      name: "a changed namespace opens payments",
      file: "lib/table/table-identity.ts",
      from: `    if (stored.namespace !== namespaceFingerprint(namespace)) return "other_namespace";\n`,
      to: "",
      harmless: "no run changes its namespace; the tests of initiate do",
    },
    {
      name: "a restored table sends what it holds as requested",
      file: "lib/flows/steps/advance-refunds.ts",
      from: "  if ((await ports.closed()) !== undefined) return payment;\n",
      to: "",
      harmless: "no run restores its table; the tests of the pause do",
    },
  ]),
];

/** Those that a harness has to catch. */
export function faultsFor(harness: Harness): DeliberateFault[] {
  return DELIBERATE_FAULTS.filter(({ caughtBy }) => caughtBy.includes(harness));
}

/** The files that a fault changes. */
export function filesOf({ file, also = [] }: DeliberateFault): string[] {
  return [...new Set([file, ...also.map((edit) => edit.file)])];
}

/**
 * The source of `file` as it reads with a fault.
 * @throws Error when a place of the fault does not stand exactly once in it
 */
export function faultySource(fault: DeliberateFault, file: string, source: string): string {
  let changed = source;
  for (const { from, to } of [fault, ...(fault.also ?? [])].filter((edit) => edit.file === file)) {
    const times = changed.split(from).length - 1;
    if (times !== 1) throw new Error(`"${fault.name}": "${from}" stands ${times} times in ${file}`);
    changed = changed.replace(from, () => to);
  }
  return changed;
}
