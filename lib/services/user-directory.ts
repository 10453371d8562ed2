import * as z from "zod";
import { DependencyUnavailable } from "../domain/errors.ts";
import type { Uuid } from "../domain/ids.ts";
import { MINUTE_MS } from "../domain/time.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import type { Clock } from "../runtime/clock.ts";
import { parseJson } from "../runtime/json.ts";
import { unescaped } from "./user-management.ts";

const ASK_MS = 3_000;
// User Management's tokens are valid for fifteen minutes.
const LOGIN_MS = 14 * MINUTE_MS;

/** How to reach a user, from User Management. */
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
  /** Returns an administrator's token, or undefined; without one, only paths that need no token answer. */
  signIn: () => Promise<string | undefined>;
  send: (request: HttpRequest) => Promise<HttpResponse>;
  clock: Pick<Clock, "now">;
};

/** Looks a user up when a program asks on their behalf. It tries each path until one knows the user. */
export class UserDirectory {
  readonly #options: UserDirectoryOptions;
  #token: { value: string; until: number } | undefined;

  constructor(options: UserDirectoryOptions) {
    this.#options = options;
  }

  /**
   * Returns how to reach a user; undefined if no path knows them.
   * @throws DependencyUnavailable if a path did not answer and no other knew the user
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
      // Without a login, a path that requires one cannot know the user.
      const isClosed = !this.#token && (reply?.status === 401 || reply?.status === 403);
      if (reply?.status !== 404 && !isClosed) unknown = new DependencyUnavailable("The user service");
    }
    if (unknown) throw unknown;
    return undefined;
  }

  async #find(path: string): Promise<HttpResponse | undefined> {
    const reply = await this.#ask(path, await this.#bearer());
    if (reply?.status !== 401 || !this.#token) return reply;
    // The administrator's token was revoked before it expired.
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
    const url = `${this.#options.baseUrl}${path}`;
    return this.#try({ method: "GET", url, headers, timeoutMs: ASK_MS, isRepeated: true });
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
