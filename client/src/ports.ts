/** The part of an answer that the client reads. */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
};

export type HttpRequest = {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  cache: "no-store";
};

/** What the client needs from outside. Tests replace it. */
export type Ports = {
  fetch: (url: string, request: HttpRequest) => Promise<HttpAnswer>;
  /** Milliseconds from any fixed moment. It never jumps, so a wrong or corrected clock changes nothing. */
  now: () => number;
  /** Runs a function once after some milliseconds. @returns what cancels it */
  after: (ms: number, run: () => void) => () => void;
  /** Random bytes that nobody can guess. */
  randomBytes: (length: number) => Uint8Array;
};

/** Those of browsers and of Node. */
export const SYSTEM: Ports = {
  fetch: (url, request) => fetch(url, request),
  // biome-ignore lint/plugin: the one place where time comes from
  now: () => performance.now(),
  after: (ms, run) => {
    // biome-ignore lint/plugin: the one place where time comes from
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

/** Returns a random UUID. `crypto.randomUUID` is missing on pages that are not served over HTTPS. */
export function newKey(ports: Pick<Ports, "randomBytes">): string {
  const bytes = [...ports.randomBytes(16)].map((byte, index) => {
    if (index === 6) return (byte & 0x0f) | 0x40;
    return index === 8 ? (byte & 0x3f) | 0x80 : byte;
  });
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
