/** Returns a request, a POST if it has a body, as a command for a shell. The token is never in it: the shell takes it from `$TOKEN`. */
export function curlOf(origin: string, path: string, body?: object): string {
  const parts = ["curl", "-sS", "-H", '"Authorization: Bearer $TOKEN"', quoted(`${origin}${path}`)];
  if (body && Object.keys(body).length === 0) parts.push("-X", "POST");
  else if (body) parts.push("-H", quoted("Content-Type: application/json"), "-d", quoted(JSON.stringify(body)));
  return parts.join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
