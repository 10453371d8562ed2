/** The value that `text` says, or undefined when it is not JSON. The parser's own message would quote the input. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
