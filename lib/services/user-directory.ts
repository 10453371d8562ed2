import * as z from "zod";
import { DependencyUnavailable } from "../domain/errors.ts";
import type { Uuid } from "../domain/ids.ts";
import { MINUTE_MS } from "../domain/time.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import type { Clock } from "../runtime/clock.ts";
import { parseJson } from "../runtime/json.ts";
import { unescaped } from "./user-management.ts";

const ASK_MS = 3_000;
// User Management's tokens live for fifteen minutes.
const LOGIN_MS = 14 * MINUTE_MS;

/** How to reach a user, as far as User Management knows. */
export type UserDetails = {
  email: string | undefined;
  phone: string | undefined;
  name: string | undefined;
  language: string | undefined;
};

const absent = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const Found = z.object({
  email: absent,
  phone_number: absent,
  full_name: absent,
  preferred_language: absent,
});
export type UserDirectoryOptions = {
  /** User Management's address, with `/api/v1`. */
  baseUrl: string;
  /** With `{id}` for the user's id. */
  paths: readonly string[];
  /** Gives an administrator's token, or none: then only paths that need none can answer. */
  signIn: () => Promise<string | undefined>;
  send: (request: HttpRequest) => Promise<HttpResponse>;
  clock: Pick<Clock, "now">;
};

/** Looks users up for whom a program asks; each path is tried until one knows the user. */
export class UserDirectory {
  readonly #options: UserDirectoryOptions;
  #token: { value: string; until: number } | undefined;

  constructor(options: UserDirectoryOptions) {
    this.#options = options;
  }

  /**
   * @returns undefined when no path knows the user
   * @throws DependencyUnavailable when one of them did not answer and no other knew the user
   */
  async find(userId: Uuid): Promise<UserDetails | undefined> {
    let unknown: DependencyUnavailable | undefined;
    for (const path of this.#options.paths) {
      const reply = await this.#find(path.replace("{id}", userId));
      const found = reply?.status === 200 ? Found.safeParse(parseJson(reply.text)).data : undefined;
      if (found) {
        const { email, full_name: name, preferred_language: language } = found;
        return { email, name, language, phone: unescaped(found.phone_number) };
      }
      // Without a login a door that is closed knows nobody.
      const isClosed = !this.#token && (reply?.status === 401 || reply?.status === 403);
      if (reply?.status !== 404 && !isClosed) unknown = new DependencyUnavailable("The user service");
    }
    if (unknown) throw unknown;
    return undefined;
  }

  async #find(path: string): Promise<HttpResponse | undefined> {
    const reply = await this.#ask(path, await this.#bearer());
    if (reply?.status !== 401 || !this.#token) return reply;
    // The administrator's token was taken back before its time.
    this.#token = undefined;
    return this.#ask(path, await this.#bearer());
  }

  async #bearer(): Promise<string | undefined> {
    if (this.#token && this.#token.until > this.#options.clock.now()) return this.#token.value;
    const token = await this.#options.signIn();
    this.#token = token === undefined ? undefined : { value: token, until: this.#options.clock.now() + LOGIN_MS };
    return token;
  }

  #ask(path: string, bearer: string | undefined): Promise<HttpResponse | undefined> {
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    return this.#try({ method: "GET", url: `${this.#options.baseUrl}${path}`, headers, timeoutMs: ASK_MS });
  }

  async #try(call: HttpRequest): Promise<HttpResponse | undefined> {
    try {
      return await this.#options.send(call);
    } catch (error) {
      if (error instanceof CallFailed) return undefined;
      throw error;
    }
  }
}
