import { expect, test } from "vitest";
import type { Mode } from "../../lib/domain/vocabulary.ts";
import { checkGateway } from "../../lib/flows/check-gateway.ts";
import { KEY, T0 } from "../support/payments.ts";

async function checked(mode: Mode, expectedMode: Mode) {
  const counted: string[] = [];
  const recorded: unknown[] = [];
  await checkGateway({
    chapa: { isReachable: async () => true, current: async () => ({ key: KEY, mode }) },
    gatewayHealth: { record: async (health) => void recorded.push(health) },
    clock: { now: () => T0 },
    count: (metric) => void counted.push(metric),
    policy: { expectedMode },
  });
  expect(recorded).toEqual([{ isReachable: true, at: T0 }]);
  return counted;
}

test("each run of the sweep counts a key of the other mode, so that the alarm lasts as long as it is there", async () => {
  expect(await checked("test", "live")).toEqual(["KeyModeWrong"]);
  expect(await checked("live", "test")).toEqual(["KeyModeWrong"]);
  expect(await checked("live", "live")).toEqual([]);
});
