import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openInBrowser } from "../../local/open.ts";

const ADDRESS = "http://127.0.0.1:8120";

// The files of a worker share its environment.
afterEach(() => vi.unstubAllEnvs());

/** Puts the only program of this name into a new folder, which becomes PATH. It writes its arguments and ends with `code`. */
function standInFor(program: string, code: number): () => string {
  const folder = mkdtempSync(join(tmpdir(), "opener-"));
  const file = join(folder, program);
  writeFileSync(file, `#!/bin/sh\necho "$@" > "${folder}/arguments"\nexit ${code}\n`);
  chmodSync(file, 0o755);
  vi.stubEnv("PATH", folder);
  return () => readFileSync(join(folder, "arguments"), "utf8").trim();
}

test.each([
  ["linux", "xdg-open", ADDRESS],
  ["darwin", "open", ADDRESS],
  ["win32", "cmd", `/c start  ${ADDRESS}`],
] as const)("on %s the address is opened by %s", async (platform, program, given) => {
  const opened = standInFor(program, 0);
  expect(await openInBrowser(ADDRESS, platform)).toBeUndefined();
  expect(opened()).toBe(given);
});

test("an opener that fails, and one that is not installed, become one line with the address and the reason", async () => {
  standInFor("xdg-open", 3);
  expect(await openInBrowser(ADDRESS, "linux")).toBe(
    `${ADDRESS} could not be opened in a browser: xdg-open ended with 3`,
  );
  const missing = await openInBrowser(ADDRESS, "darwin");
  expect(missing).toMatch(/^http:\S+ could not be opened in a browser: .*ENOENT$/);
});
