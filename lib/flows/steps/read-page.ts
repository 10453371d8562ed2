import type { Mark } from "../../table/payments.ts";

/** Marks after `last`, up to `size`; whatever was opened in the same millisecond is told apart by its key. */
export async function readPage(
  last: Mark | undefined,
  size: number,
  read: (size: number) => Promise<Mark[]>,
): Promise<Mark[]> {
  for (let asked = size; ; asked *= 2) {
    const marks = await read(asked);
    const fresh = last ? marks.filter((mark) => latestFirst(mark, last) > 0) : marks;
    fresh.sort(latestFirst);
    if (fresh.length >= size || marks.length < asked) return fresh.slice(0, size);
  }
}

/** Latest first; among equals the higher key first. */
export function latestFirst(a: Mark, b: Mark): number {
  return b.at - a.at || (a.ref < b.ref ? 1 : a.ref > b.ref ? -1 : 0);
}
