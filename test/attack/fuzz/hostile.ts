import fc from "fast-check";

/** Words that parsers have stumbled over, here or elsewhere. */
const TRAPS = [
  ..."__proto__ constructor prototype toString hasOwnProperty success SUCCESS 1e2 -0 NaN 0x10".split(" "),
  ...'{"a": %00 ../../etc/passwd'.split(" "),
  "\ufeff",
  "\u0000",
  "\ud800",
  "\u2028",
  "1".repeat(400),
  "<html><body>502 Bad Gateway</body></html>",
];

/** One text after the other. */
export const joined = (...texts: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<string> =>
  fc.tuple(...texts).map((parts) => parts.join(""));

/** Text of any kind: all of Unicode, lone halves of characters too, and words that parsers stumble over. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
  fc.constantFrom(...TRAPS),
  joined(fc.constantFrom(...TRAPS), fc.string({ maxLength: 8 })),
);

/** Any JSON value, with keys that parsers stumble over. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(anyText, fc.double(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(anyText, tie("value")), { maxLength: 4 }).map(objectOf),
  ),
})).value;

/** Text of JSON as no serialiser writes it: duplicate keys, odd spaces, numbers of any length, deep nests, torn ends. */
export const strangeJson = (core: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    core,
    core.map((text) => ` \n\t${text}\r\n`),
    core.map((text) => `\ufeff${text}`),
    core.chain((text) => fc.nat(text.length).map((end) => text.slice(0, end))),
    core.chain((text) => fc.nat(text.length).map((at) => `${text.slice(0, at)}\u0000${text.slice(at)}`)),
    fc.tuple(core, core).map(([first, second]) => first.replace(/}\s*$/, `,${second.replace(/^\s*{/, "")}`)),
    fc.tuple(core, fc.constantFrom("[", '{"a":')).map(([text, open]) => open.repeat(3_000) + text),
    core.map((text) => `[${text}]`),
    core.map((text) => `{"__proto__":${text},"constructor":${text}}`),
  );

/** Bytes of any kind as a server may answer them. */
export const anyBytesAsText = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("utf8"));

/** An object with these keys as its own, `__proto__` too. */
export function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(entries);
}

/** An object whose listed fields are mostly as they should be, and now and then anything or absent. */
export function mostly<Fields extends Record<string, fc.Arbitrary<unknown>>>(
  fields: Fields,
): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(fields).map(([name, good]) =>
    fc.oneof(
      { arbitrary: good.map((value) => [[name, value] as const]), weight: 12 },
      { arbitrary: anyJson.map((value) => [[name, value] as const]), weight: 1 },
      { arbitrary: fc.constant<(readonly [string, unknown])[]>([]), weight: 1 },
    ),
  );
  return fc.tuple(...entries).map((parts) => Object.fromEntries(parts.flat()));
}

/** Mostly this value, so that what is beside it is reached, and now and then another. */
export const usually = (value: unknown, ...others: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: fc.constant(value), weight: 6 }, ...others);

/** Decimal text, and what resembles it. */
export const amountText = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 13n }).map(String),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.bigInt({ min: 0n, max: 10n ** 4n }))
    .map((parts) => parts.join(".")),
  fc.tuple(fc.nat(2_000_000), fc.nat(99)).map(([birr, santim]) => `${birr}.${String(santim).padStart(2, "0")}`),
  fc.double().map(String),
  fc.constantFrom(..."500 500.00 00500.50 500. .5 5e2 -1 +1 1,000 ٥٠٠ 500.000000001".split(" "), "500 "),
);
