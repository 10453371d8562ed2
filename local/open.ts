import { spawn } from "node:child_process";

/** The program that opens an address in the browser of each platform, and its arguments before the address. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ["open"],
  // The empty text is the window's title.
  win32: ["cmd", "/c", "start", ""],
};

/**
 * Opens an address in the user's browser.
 * @returns what to tell the user if no browser can be opened; undefined if one was
 */
export function openInBrowser(
  address: string,
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  const [program, ...args] = OPENERS[platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const failed = (reason: string) => resolve(`${address} could not be opened in a browser: ${reason}`);
    const child = spawn(program, [...args, address], { stdio: "ignore" });
    child.once("error", ({ message }) => failed(message));
    child.once("exit", (code) => (code === 0 ? resolve(undefined) : failed(`${program} ended with ${code}`)));
  });
}
