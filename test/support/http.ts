import * as z from "zod";

const Body = z.record(z.string(), z.unknown());

/** An answer's status, headers and JSON object. */
export async function read(
  response: Response,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? Body.parse(JSON.parse(text)) : {} };
}
