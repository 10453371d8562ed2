import { BadOption, type Option } from "./command.ts";

/** A switch. It is true if the user gives it. */
export function flag(meaning: string): Option<boolean> {
  return { meaning, shape: undefined, isRepeatable: false, read: (texts) => texts.length > 0 };
}

/** An optional text. */
export function text(meaning: string, shape: string): Option<string | undefined> {
  return single(meaning, shape, (given) => {
    if (given === "") throw new BadOption("must be a text with something in it");
    return given;
  });
}

export type Bounds = { least?: number; most?: number };

/** A whole number with a default. It is at least 1 unless the bounds say otherwise. */
export function integer(meaning: string, fallback: number, bounds: Bounds = {}): Option<number> {
  return orElse(optionalInteger(meaning, bounds), fallback);
}

/** An optional whole number. It is at least 1 unless the bounds say otherwise. */
export function optionalInteger(meaning: string, { least = 1, most }: Bounds = {}): Option<number | undefined> {
  return single(meaning, "N", (given) => {
    const number = /^-?\d+$/.test(given) ? Number(given) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= least && number <= (most ?? number)) return number;
    throw new BadOption(`must be a whole number${range(least, most)}`);
  });
}

/** A decimal number above zero, with a default. */
export function positive(meaning: string, fallback: number): Option<number> {
  const option = single(meaning, "N", (given) => {
    const number = /^\d+(\.\d+)?$/.test(given) ? Number(given) : 0;
    if (number > 0 && Number.isFinite(number)) return number;
    throw new BadOption("must be a number above 0");
  });
  return orElse(option, fallback);
}

/** One name of a closed list, with a default. */
export function choice<Name extends string>(meaning: string, names: readonly Name[], fallback: Name): Option<Name> {
  return orElse(optionalChoice(meaning, names), fallback);
}

/** One name of a closed list, or nothing. */
export function optionalChoice<Name extends string>(meaning: string, names: readonly Name[]): Option<Name | undefined> {
  return single(`${meaning}: ${names.join(", ")}`, "NAME", (given) => {
    const name = names.find((known) => known === given);
    if (name === undefined) throw new BadOption(`must be one of ${names.join(", ")}`);
    return name;
  });
}

/** An http or https URL, or nothing. */
export function url(meaning: string): Option<string | undefined> {
  return single(meaning, "URL", (given) => {
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given;
    throw new BadOption("must be an http or https URL");
  });
}

/** A text that users may give several times. */
export function repeated(meaning: string, shape: string): Option<readonly string[]> {
  return { meaning: `${meaning}; may be repeated`, shape, isRepeatable: true, read: (texts) => texts };
}

/** Gives an optional option a default. */
export function orElse<Value extends string | number>(
  option: Option<Value | undefined>,
  fallback: Value,
): Option<Value> {
  return {
    ...option,
    meaning: `${option.meaning} (default ${fallback})`,
    read: (texts) => option.read(texts) ?? fallback,
  };
}

function single<Value>(meaning: string, shape: string, read: (given: string) => Value): Option<Value | undefined> {
  return {
    meaning,
    shape,
    isRepeatable: false,
    read: ([given]) => (given === undefined ? undefined : read(given)),
  };
}

function range(least: number, most: number | undefined): string {
  if (most !== undefined) return ` between ${least} and ${most}`;
  return least === Number.MIN_SAFE_INTEGER ? "" : ` of at least ${least}`;
}
