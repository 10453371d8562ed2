import * as z from "zod";
import { DependencyUnavailable } from "../domain/errors.ts";
import { Uuid } from "../domain/ids.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import { parseJson } from "../runtime/json.ts";

const ASK_MS = 3_000;

/** A user as User Management knows them now. It overrides the token's claims. */
export type User = {
  userId: Uuid;
  role: string;
  email: string | undefined;
  phone: string | undefined;
  language: string | undefined;
};

const Verified = z.object({
  user_id: Uuid,
  role: z.string(),
  email: z.string().nullish(),
  phone_number: z.string().nullish(),
  preferred_language: z.string().nullish(),
});

/** The tokens of a user after a login. */
export type LoginTokens = { access_token: string; refresh_token: string; token_type: string };

const LoggedIn = z.object({ access_token: z.string().min(1), refresh_token: z.string(), token_type: z.string() });

/** User Management's API; `baseUrl` ends in `/api/v1`. */
export class UserManagement {
  readonly #baseUrl: string;
  readonly #send: (call: HttpRequest) => Promise<HttpResponse>;

  constructor(baseUrl: string, send: (call: HttpRequest) => Promise<HttpResponse>) {
    this.#baseUrl = baseUrl;
    this.#send = send;
  }

  /**
   * Returns the user of a token; undefined if User Management refuses it.
   * @throws DependencyUnavailable if there is no readable answer
   */
  async verify(token: string): Promise<User | undefined> {
    const headers = { authorization: `Bearer ${token}` };
    const { status, text } = await this.#ask({ method: "GET", path: "/auth/verify", headers, isRepeated: true });
    if (status === 401 || status === 403) return undefined;
    const verified = status === 200 ? Verified.safeParse(parseJson(text)).data : undefined;
    if (!verified) throw new DependencyUnavailable("The user service");
    return {
      userId: verified.user_id,
      role: verified.role,
      email: verified.email ?? undefined,
      phone: unescaped(verified.phone_number ?? undefined),
      language: verified.preferred_language ?? undefined,
    };
  }

  /**
   * Logs a user in. It is never repeated.
   * @returns undefined if the user is unknown, inactive, or the password is wrong
   * @throws DependencyUnavailable if there is no readable answer
   */
  async login({ username, password }: { username: string; password: string }): Promise<LoginTokens | undefined> {
    const { status, text } = await this.#ask({
      method: "POST",
      path: "/auth/login",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ username, password }).toString(),
    });
    if (status === 400 || status === 401 || status === 422) return undefined;
    const tokens = status === 200 ? LoggedIn.safeParse(parseJson(text)).data : undefined;
    if (!tokens) throw new DependencyUnavailable("The user service");
    return tokens;
  }

  async #ask({ path, ...rest }: Omit<HttpRequest, "url" | "timeoutMs"> & { path: string }): Promise<HttpResponse> {
    try {
      return await this.#send({ ...rest, url: `${this.#baseUrl}${path}`, timeoutMs: ASK_MS });
    } catch (error) {
      if (error instanceof CallFailed) throw new DependencyUnavailable("The user service", error);
      throw error;
    }
  }
}

/** Returns the phone number in plain form. Older rows hold a database's escaped bytes, `\x2b323531…` for `+251…`. */
export function unescaped(phone: string | undefined): string | undefined {
  const hex = /^\\x((?:[0-9a-f]{2})+)$/i.exec(phone ?? "")?.[1];
  return hex ? Buffer.from(hex, "hex").toString("utf8") : phone;
}
