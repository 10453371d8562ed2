import { convertToAttr } from "@aws-sdk/util-dynamodb";
import { toItem } from "../../../../lib/table/payment-item.ts";
import { anOpened, aRef } from "../../../support/payments.ts";
import type { Target } from "../engine.ts";
import { plainly } from "../invariants/broken.ts";
import { idInvariant, moneyInvariant, settingsInvariant } from "../invariants/domain.ts";
import { itemInvariant, queueInvariant, streamInvariant } from "../invariants/stored.ts";

const WORDS = [
  ...'P# SUCCESS PENDING REVIEW confirm claim initiate ETB test live true null 0 -1 1.5 1e400 " {'.split(" "),
  ...'} [ ] , : __proto__ constructor "attempts": "captures":[ "attention":[ "history":[ "lease":{'.split(" "),
  ...'paid renewed mismatch unmatched capture "M":{ "S":" "N":" "L":['.split(" "),
];
const ROW = JSON.stringify(toItem(anOpened(aRef())));
const IMAGE = JSON.stringify({ NewImage: convertToAttr(toItem(anOpened(aRef()))).M });

const QUEUES = ["resolve", "listing", "notification"] as const;

/** Stored data, messages and settings. */
export const STORED_TARGETS: readonly Target[] = [
  {
    name: "payment row",
    seeds: [ROW],
    words: WORDS,
    run: (input) => {
      const row = plainly(input.toString("utf8"));
      if (typeof row === "object" && row !== null) itemInvariant(row);
    },
  },
  {
    name: "stream record",
    seeds: [IMAGE, '{"NewImage":{"pk":{"S":"R#0"}}}'],
    words: WORDS,
    run: (input) => {
      const images = plainly(input.toString("utf8"));
      return typeof images === "object" && images !== null ? streamInvariant(images) : undefined;
    },
  },
  {
    // The first byte selects the queue.
    name: "queue message",
    seeds: [
      '0{"tx_ref":"G85FR23GHWFN3DNF00BV","trigger":"webhook"}',
      '1{"ref":"G85FR23GHWFN3DNF","version":7}',
      '2{"ref":"G85FR23GHWFN3DNF","version":7,"event":"paid","tries":0}',
    ],
    words: [...WORDS, '"tx_ref":', '"trigger":', '"ref":', '"version":', '"event":', '"tries":', "webhook", "return"],
    run: (input) => queueInvariant(QUEUES[(input[0] ?? 0) % 3] ?? "resolve", input.subarray(1).toString("utf8")),
  },
  {
    name: "ids",
    seeds: [
      "G85FR23GHWFN3DNF00BV",
      "820afc08-708f-41f5-86da-bdf64c9854be",
      "{820AFC08-708F-41F5-86DA-BDF64C9854BE}",
      " urn:uuid:820afc08708f41f586dabdf64c9854be ",
    ],
    words: ["-", "{", "}", "urn:uuid:", " ", "I", "L", "O", "U", "\ufeff", "4", "8"],
    run: (input) => idInvariant(input.toString("utf8")),
  },
  {
    name: "amounts, lengths of time",
    seeds: ["500.00", "0.01", "9999999999.99", "2m,5m,10m,20m,65m,6h,1d", "90s"],
    words: [".", ",", "e", "-", "0", "9", "s", "m", "h", "d", " "],
    run: (input) => moneyInvariant(input.toString("utf8")),
  },
  {
    name: "settings",
    seeds: [
      '{"listing_fee":{"amounts":["500.00","450"],"currency":"ETB","payable":"again","title":"Listing fee"}}',
      "https://checkout.chapa.co, https://x.et/",
      "https://api.chapa.co/v1///",
      "/users/{id},/admin/{id}",
      '{"chapa_secret_key":"CHASECK_TEST-x","contact_key":"k","contact_keys":{"k":"AAAA"},"listing_api_key":"x"}',
    ],
    words: [...WORDS, "https://", "http://", "/", "//", "\\", "@", "?", "#", "{id}", "7", "60", "remote", "2m,5m"],
    run: (input) => settingsInvariant(input.toString("utf8")),
  },
];
