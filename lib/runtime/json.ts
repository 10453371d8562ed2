/**
 * Returns the parsed value, or undefined if the text is not JSON. It does not throw, because the parser's message
 * quotes the input.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
