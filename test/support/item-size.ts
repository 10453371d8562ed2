import type { AttributeValue } from "@aws-sdk/client-dynamodb";

const KB = 1024;
const COLLECTION_BYTES = 3;

/**
 * Returns how many bytes of an item DynamoDB counts for write and read units: its names and values, by the rules of
 * AWS's page "DynamoDB item sizes and formats".
 */
export function itemSize(item: Readonly<Record<string, AttributeValue>>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);
}

/** Returns the units of one write of an item of this size, also of one that its condition refuses. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / KB));
}

function valueSize({ S, N, B, L, M }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return numberSize(N);
  if (B !== undefined) return B.length;
  if (L !== undefined) return L.reduce((sum, value) => sum + 1 + valueSize(value), COLLECTION_BYTES);
  if (M !== undefined) return itemSize(M) + Object.keys(M).length + COLLECTION_BYTES;
  return 1;
}

/** A byte for each two significant digits, one more, and one for a minus. */
function numberSize(text: string): number {
  const digits = text
    .replace(/e.*$/i, "")
    .replace(/[-.]/g, "")
    .replace(/^0+|0+$/g, "");
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith("-") ? 1 : 0);
}
