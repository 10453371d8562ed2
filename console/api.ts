import * as z from "zod";
import { Problem, TokenResponse } from "../lib/contract/api.ts";

// Without this, zod tries to make code at run time, which the page's policy forbids.
z.config({ jitless: true });

/** The service refused the request, and says why. */
export class Refused extends Error {
  readonly problem: Problem;
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter: number | undefined) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** No answer came. What was asked may have reached the service. */
export class Unreachable extends Error {}

/** The token is no longer valid. What was asked did not happen. */
export class LoggedOut extends Error {}

/** Something answered that is not this service, or another release of it. */
export class NotUnderstood extends Error {}

/** Makes requests of the public API in the name of the person who logged in. The token is kept here and nowhere else. */
export class Api {
  #token: string | undefined;
  #waiting: (() => void)[] = [];
  readonly #onLogin: (isNeeded: boolean) => void;

  /** @param onLogin hears when a person must log in, and when they have */
  constructor(onLogin: (isNeeded: boolean) => void) {
    this.#onLogin = onLogin;
  }

  /** @throws Refused for a wrong name or password, Unreachable, NotUnderstood */
  async logIn(username: string, password: string): Promise<void> {
    const body = new URLSearchParams({ username, password });
    const { access_token } = await parsed(await sent("/token", { method: "POST", body }), TokenResponse);
    this.#token = access_token;
    this.#onLogin(false);
    for (const go of this.#waiting.splice(0)) go();
  }

  logOut(): void {
    this.#token = undefined;
    this.#onLogin(true);
  }

  /** Reads. If the token is no longer valid, it waits until the person has logged in again. @throws Refused and others */
  async read<Shape extends z.ZodType>(path: string, shape: Shape): Promise<z.infer<Shape>> {
    for (;;) {
      const response = await sent(path, { headers: this.#headers() });
      if (response.status !== 401) return parsed(response, shape);
      await this.#loggedInAgain();
    }
  }

  /** Changes something, once. @throws LoggedOut if nothing happened because the token is no longer valid, and others */
  async change<Shape extends z.ZodType>(path: string, body: object | undefined, shape: Shape): Promise<z.infer<Shape>> {
    const json = body && { "content-type": "application/json" };
    const headers = { ...this.#headers(), ...json };
    const response = await sent(path, { method: "POST", headers, body: body ? JSON.stringify(body) : null });
    if (response.status !== 401) return parsed(response, shape);
    this.logOut();
    throw new LoggedOut();
  }

  #headers(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }

  #loggedInAgain(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.logOut();
    });
  }
}

async function sent(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: "omit", cache: "no-store" });
  } catch (error) {
    throw new Unreachable("no answer came", { cause: error });
  }
}

async function parsed<Shape extends z.ZodType>(response: Response, shape: Shape): Promise<z.infer<Shape>> {
  const text = await response.text().catch((error: unknown) => {
    throw new Unreachable("the answer was cut off", { cause: error });
  });
  const body = shapeless(text);
  const answer = response.ok ? shape.safeParse(body) : undefined;
  if (answer?.success) return answer.data;
  const problem = response.ok ? undefined : Problem.safeParse(body).data;
  if (!problem) throw new NotUnderstood(`an answer ${response.status} that the console does not understand`);
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new Refused(problem, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

function shapeless(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
