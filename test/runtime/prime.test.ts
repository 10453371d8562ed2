import { afterEach, expect, test, vi } from "vitest";
import { prime } from "../../lib/runtime/prime.ts";

afterEach(() => void vi.unstubAllEnvs());

test("outside Lambda a start reads nothing", async () => {
  const read = vi.fn(async () => undefined);
  await prime(read);
  expect(read).not.toHaveBeenCalled();
});

test("a start in Lambda makes its reads side by side, and a read that fails does not fail the start", async () => {
  vi.stubEnv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  const begun: string[] = [];
  const failing = async () => {
    begun.push("failing");
    throw new Error("the store is away");
  };
  const other = vi.fn(async () => expect(begun).toEqual(["failing"]));
  await prime(failing, other);
  expect(other).toHaveBeenCalledOnce();
});
