/** An input has broken a parser's invariant. */
export class Broken extends Error {
  override name = "Broken";
}

/** @throws Broken */
export function demand(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new Broken(invariant);
}

/**
 * The result of `run`, or undefined if it threw a documented error.
 * @throws Broken for any other error
 */
export function orRefused<Result>(
  run: () => Result,
  ...known: (new (
    ...args: never[]
  ) => Error)[]
): Result | undefined {
  try {
    return run();
  } catch (error) {
    refusal(error, known);
    return undefined;
  }
}

/** {@link orRefused} for promises. */
export async function orRefusedLater<Result>(
  run: () => Promise<Result>,
  ...known: (new (
    ...args: never[]
  ) => Error)[]
): Promise<Result | undefined> {
  try {
    return await run();
  } catch (error) {
    refusal(error, known);
    return undefined;
  }
}

function refusal(error: unknown, known: readonly (new (...args: never[]) => Error)[]): void {
  if (error instanceof Broken || known.some((kind) => error instanceof kind)) {
    if (error instanceof Broken) throw error;
    return;
  }
  const what = error instanceof Error ? `${error.name}: ${error.message.slice(0, 120)}` : typeof error;
  throw new Broken(`nothing is thrown but ${known.map(({ name }) => name).join(", ") || "nothing"}, not ${what}`);
}

/** Checks that parsing has not changed Object.prototype. */
export function demandCleanPrototypes(): void {
  for (const shared of [Object.prototype, Array.prototype, String.prototype, Function.prototype]) {
    demand(Object.keys(shared).length === 0, "no input changes what all objects share");
  }
}

/** Checks that all objects in a value have the prototype of literals. */
export function demandPlain(value: unknown, depth = 0): void {
  if (typeof value !== "object" || value === null || depth > 50) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  demand(prototype === Object.prototype || prototype === Array.prototype, "no object gets a prototype from its input");
  for (const key of Object.keys(value)) demandPlain(Object.getOwnPropertyDescriptor(value, key)?.value, depth + 1);
}

/** `value` as JSON.parse would give it, without our parser; undefined for what is not JSON. */
export function plainly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The value under `path`, of own properties only. */
export function own(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? Object.getOwnPropertyDescriptor(inner, key)?.value : undefined,
    value,
  );
}

/** The value of decimal text in hundredths, computed with integers. @returns undefined if it is not exact */
export function exactHundredths(text: string): bigint | undefined {
  const [whole = "", fraction = "", ...rest] = text.split(".");
  const isDecimal = [...whole, ...fraction].every((digit) => "0123456789".includes(digit));
  if (!isDecimal || whole === "" || rest.length > 0 || (text.includes(".") && fraction === "")) return undefined;
  if ([...fraction.slice(2)].some((digit) => digit !== "0")) return undefined;
  return BigInt(whole) * 100n + BigInt(fraction.slice(0, 2).padEnd(2, "0"));
}

/** `value` if it is text, else undefined. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The hexadecimal digits of a UUID in any of its textual forms. */
export function digitsOf(uuid: string): string {
  return uuid
    .toLowerCase()
    .replace("urn:uuid:", "")
    .replace(/[^0-9a-f]/g, "");
}
