// Runs one program twice in one process, as if it were started with --help and then with an option that it does not
// know, and prints what each came to: loading a program takes longer than reading its options.
import { pathToFileURL } from "node:url";

type Ended = { code: unknown; stdout: string; stderr: string };

class Exited extends Error {}

const print = process.stdout.write.bind(process.stdout);

/** What the program says and exits with. It is deaf and dumb from its exit on: a process would be gone. */
async function outcomeOf(address: string, argument: string): Promise<Ended> {
  const ended: Ended = { code: undefined, stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    process[stream].write = (text: string | Uint8Array) => {
      if (ended.code === undefined) ended[stream] += text;
      return true;
    };
  }
  process.exit = (code) => {
    ended.code ??= code;
    throw new Exited();
  };
  process.argv.splice(2, Number.POSITIVE_INFINITY, argument);
  try {
    await import(`${address}?${argument}`);
  } catch (error) {
    if (!(error instanceof Exited)) ended.stderr += `${error}\n`;
  }
  return ended;
}

const [node = "", , program = ""] = process.argv;
const { href } = pathToFileURL(program);
process.argv = [node, program];
const both = [await outcomeOf(href, "--help"), await outcomeOf(href, "--frobnicate")];
process.exitCode = 0;
print(JSON.stringify(both));
