import type { Clock } from "../clock.ts";
import { FaultPlan } from "../faults.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import { bearerOf, detail, notAuthenticated, notFound, notValid, PythonUuid } from "./fastapi.ts";
import { type AccessClaims, read, sign } from "./tokens.ts";

export type UserRecord = {
  id: string;
  role: "owner" | "tenant" | "broker" | "admin";
  email: string;
  phone: string | null;
  language: string | null;
  password: string;
  isActive?: boolean;
};

export type UserManagementOptions = {
  port?: number;
  clock: Clock;
  jwtSecret: string;
  users: readonly UserRecord[];
  /** Real milliseconds until it answers 500 for a subject that is not a UUID. */
  badSubjectMs?: number;
  seed?: () => number;
};

const ACCESS_MS = 15 * 60_000;
const REFRESH_MS = 7 * 86_400_000;

/** A double of the User Management service, as it was observed. Made by {@link startUserManagement}. */
export class UserManagementDouble {
  readonly faults: FaultPlan;
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
      (request) => this.#answer(request),
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
    await this.faults.clear();
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  #answer(request: Request): Answer | Promise<Answer> {
    const user = /^\/api\/v1\/admin\/users\/([^/]+)$/.exec(request.path)?.[1];
    if (user && request.method === "GET") return this.#adminUser(request, user);
    switch (request.path) {
      case "/health":
        return { status: 200, body: { status: "ok" } };
      case "/api/v1/auth/login":
        return request.method === "POST" ? this.#login(request) : detail(405, "Method Not Allowed");
      case "/api/v1/auth/verify":
        return request.method === "GET" ? this.#verify(request) : detail(405, "Method Not Allowed");
      default:
        return notFound();
    }
  }

  async #login({ headers, body }: Request): Promise<Answer> {
    const form = new URLSearchParams(body.toString("utf8"));
    const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
    const missing = ["username", "password"].filter((field) => !isForm || !form.get(field));
    if (missing.length > 0) {
      const errors = missing.map((field) => ({
        type: "missing",
        loc: ["body", field],
        msg: "Field required",
        input: null,
      }));
      return { status: 422, body: { detail: errors } };
    }
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
    return {
      status: 200,
      body: {
        user_id: found.id,
        role: found.role,
        email: found.email,
        phone_number: found.phone,
        preferred_language: found.language,
      },
    };
  }

  async #adminUser(request: Request, id: string): Promise<Answer> {
    const caller = await this.#userOf(request);
    if (!("id" in caller)) return caller;
    if (caller.role !== "admin") return detail(403, "Not enough permissions");
    const user = this.#users.find((known) => known.id === id);
    if (!user) return detail(404, "User not found");
    return {
      status: 200,
      body: {
        email: user.email,
        full_name: null,
        id: user.id,
        role: user.role,
        is_active: user.isActive ?? true,
        password_changed: true,
        phone_number: user.phone,
      },
    };
  }

  async #userOf(request: Request): Promise<UserRecord | Answer> {
    const token = bearerOf(request);
    if (!token) return notAuthenticated();
    const claims = await read(token, this.#options.jwtSecret, this.#options.clock.now());
    if (!claims) return notValid();
    const subject = PythonUuid.safeParse(claims.sub).data;
    if (!subject) {
      await new Promise((resolve) => setTimeout(resolve, this.#options.badSubjectMs ?? 50));
      return { status: 500, headers: { "content-type": "text/plain" }, body: "Internal Server Error" };
    }
    return this.#users.find(({ id }) => id === subject) ?? notValid();
  }
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
