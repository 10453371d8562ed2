import type { PageKey } from "../../domain/commands.ts";

/** Returns up to `size` keys after `last`. Payments opened in the same millisecond are ordered by their keys. */
export async function readPage(
  last: PageKey | undefined,
  size: number,
  read: (size: number) => Promise<PageKey[]>,
): Promise<PageKey[]> {
  for (let asked = size; ; asked *= 2) {
    const keys = await read(asked);
    const fresh = last ? keys.filter((key) => latestFirst(key, last) > 0) : keys;
    fresh.sort(latestFirst);
    if (fresh.length >= size || keys.length < asked) return fresh.slice(0, size);
  }
}

/** Orders page keys latest first; in the same millisecond, the higher key first. */
export function latestFirst(a: PageKey, b: PageKey): number {
  return b.at - a.at || (a.ref < b.ref ? 1 : a.ref > b.ref ? -1 : 0);
}
