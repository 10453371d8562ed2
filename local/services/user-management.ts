import * as z from "zod";
import type { Clock } from "../clock.ts";
import { FaultPlan } from "../faults.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import {
  bearerOf,
  crashed,
  detail,
  type FieldError,
  notAuthenticated,
  notValid,
  PythonUuid,
  pathError,
  type Routes,
  routed,
  unprocessable,
} from "./fastapi.ts";
import { type AccessClaims, read, sign } from "./tokens.ts";

export type UserRecord = {
  id: string;
  role: "owner" | "tenant" | "broker" | "admin";
  email: string;
  phone: string | null;
  language: string | null;
  name?: string;
  password: string;
  isActive?: boolean;
};

export type UserManagementOptions = {
  port?: number;
  clock: Clock;
  jwtSecret: string;
  users: readonly UserRecord[];
  /** Real milliseconds until it gives up and answers 500. */
  crashMs?: number;
  seed?: () => number;
};

const ACCESS_MS = 15 * 60_000;
const REFRESH_MS = 7 * 86_400_000;

/** A double of the User Management service, as it was observed. Made by {@link startUserManagement}. */
export class UserManagementDouble {
  readonly faults: FaultPlan;
  /** While its database is down, it recognises a bad token and knows nobody. */
  isDatabaseDown = false;
  readonly #options: UserManagementOptions;
  #users: UserRecord[];
  #listening: Listening | undefined;

  constructor(options: UserManagementOptions) {
    this.#options = options;
    this.#users = [...options.users];
    this.faults = new FaultPlan(options.seed ?? (() => 0));
  }

  async listen(): Promise<this> {
    this.#listening = await serve(
      "User Management",
      this.#options.port ?? 0,
      (request) => routed(this.#routes, request, this.origin),
      this.faults,
    );
    return this;
  }

  get origin(): string {
    return this.#listening?.origin ?? "";
  }

  /** The base URL of its API. */
  get baseUrl(): string {
    return `${this.origin}/api/v1`;
  }

  addUser(user: UserRecord): void {
    this.#users.push(user);
  }

  /** A token as the service issues it. `expiresAt` (epoch ms) replaces its usual expiry. @throws Error for an unknown user */
  async tokenFor(id: string, options: { kind?: "access" | "refresh"; expiresAt?: number } = {}): Promise<string> {
    const user = this.#users.find((known) => known.id === id);
    if (!user) throw new Error(`there is no user ${id}`);
    const now = this.#options.clock.now();
    const isRefresh = options.kind === "refresh";
    const expiresAt = options.expiresAt ?? now + (isRefresh ? REFRESH_MS : ACCESS_MS);
    return sign(isRefresh ? { sub: id } : claimsOf(user), this.#options.jwtSecret, now, expiresAt);
  }

  async reset(): Promise<void> {
    this.#users = [...this.#options.users];
    this.isDatabaseDown = false;
    await this.faults.clear();
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  readonly #routes: Routes = {
    "/health": { GET: () => ({ status: 200, body: { status: "ok" } }) },
    "/api/v1/auth/login": { POST: (request) => this.#login(request) },
    "/api/v1/auth/verify": { GET: (request) => this.#verify(request) },
    "/api/v1/admin/users/{}": { GET: (request, id) => this.#adminUser(request, id) },
  };

  async #login({ headers, body }: Request): Promise<Answer> {
    const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
    const form = new URLSearchParams(isForm ? body.toString("utf8") : "");
    const errors = formErrors(form);
    if (errors.length > 0) return unprocessable(errors);
    // Its database takes no text with U+0000.
    if (this.isDatabaseDown || form.get("username")?.includes("\0")) return this.#crash();
    const user = this.#users.find(({ email }) => email === form.get("username"));
    if (!user || user.password !== form.get("password")) return detail(401, "Incorrect email or password");
    if (user.isActive === false) return detail(400, "Inactive user");
    const access_token = await this.tokenFor(user.id);
    const refresh_token = await this.tokenFor(user.id, { kind: "refresh" });
    return { status: 200, body: { access_token, refresh_token, token_type: "bearer" } };
  }

  /** As the real service, also accepts refresh tokens and inactive users, and takes the role from its own records. */
  async #verify(request: Request): Promise<Answer> {
    const found = await this.#userOf(request);
    if (!("id" in found)) return found;
    const { id: user_id, role, email, phone: phone_number, language: preferred_language } = found;
    return shown(email, { user_id, role, email, phone_number, preferred_language });
  }

  async #adminUser(request: Request, text: string): Promise<Answer> {
    const caller = await this.#userOf(request);
    if (!("id" in caller)) return caller;
    if (caller.role !== "admin") return detail(403, "The user does not have enough privileges");
    const error = pathError("user_id", text);
    if (error) return error;
    const user = this.#users.find((known) => known.id === PythonUuid.parse(text));
    if (!user) return detail(404, "User not found");
    const { id, role, email, name: full_name = "Example Person", isActive: is_active = true } = user;
    return shown(email, { email, full_name, id, role, is_active, password_changed: true, phone_number: user.phone });
  }

  async #userOf(request: Request): Promise<UserRecord | Answer> {
    const token = bearerOf(request);
    if (token === undefined) return notAuthenticated();
    const claims = await read(token, this.#options.jwtSecret, this.#options.clock.now());
    if (!claims) return notValid();
    const subject = PythonUuid.safeParse(claims.sub).data;
    if (!subject || this.isDatabaseDown) return this.#crash();
    return this.#users.find(({ id }) => id === subject) ?? notValid();
  }

  async #crash(): Promise<Answer> {
    await new Promise((resolve) => setTimeout(resolve, this.#options.crashMs ?? 50));
    return crashed();
  }
}

/** What is wrong with the form of a login. An empty field is there. */
function formErrors(form: URLSearchParams): FieldError[] {
  const grant = form.get("grant_type");
  const pattern = "password";
  const missing = ["username", "password"].filter((field) => !form.has(field));
  return [
    ...(grant === null || grant === pattern
      ? []
      : [
          {
            type: "string_pattern_mismatch",
            loc: ["body", "grant_type"],
            msg: `String should match pattern '${pattern}'`,
            input: grant,
            ctx: { pattern },
          },
        ]),
    ...missing.map((field) => ({ type: "missing", loc: ["body", field], msg: "Field required", input: null })),
  ];
}

/** An answer about a user. It fails if the stored e-mail address is none. */
function shown(email: string, body: object): Answer {
  return z.email().safeParse(email).success ? { status: 200, body } : crashed();
}

export function startUserManagement(options: UserManagementOptions): Promise<UserManagementDouble> {
  return new UserManagementDouble(options).listen();
}

function claimsOf(user: UserRecord): AccessClaims {
  return {
    sub: user.id,
    role: user.role,
    email: user.email,
    phone_number: user.phone,
    preferred_language: user.language,
  };
}
