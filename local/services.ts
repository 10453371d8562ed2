import { randomUUID } from "node:crypto";
import { DAY_MS } from "../lib/domain/time.ts";
import type { Clock } from "./clock.ts";
import type { FaultPlan } from "./faults.ts";
import { type ListingDouble, startListing } from "./services/listing.ts";
import { type NotificationDouble, startNotification } from "./services/notification.ts";
import { sign } from "./services/tokens.ts";
import { startUserManagement, type UserManagementDouble } from "./services/user-management.ts";
import type { Settings } from "./settings.ts";
import { PASSWORD, USER_KEYS, USERS, type UserKey } from "./users.ts";

/** The doubles of the sibling services of one cloud. A double is undefined if a real service is used. */
export type Services = {
  users: UserManagementDouble;
  listing: ListingDouble | undefined;
  notification: NotificationDouble | undefined;
  /** Their base URLs for functions. */
  urls: { users: string; listing: string; notification: string };
  /** A service's token that the notification service accepts. */
  notificationBearer: string;
  faults(target: "listing" | "notification" | "users"): FaultPlan | undefined;
  reset(): Promise<void>;
  close(): Promise<void>;
};

const HUNDRED_YEARS_MS = 36_500 * DAY_MS;

/** Starts a double for each sibling that the settings do not replace with a real service. */
export async function startServices(settings: Settings, clock: Clock): Promise<Services> {
  const jwtSecret = settings.JWT_SECRET;
  const records = USER_KEYS.map((name) => ({ ...USERS[name], password: PASSWORD }));
  const users = await startUserManagement({ clock, jwtSecret, users: records });
  const webhookKey = settings.PROPERTY_WEBHOOK_API_KEY;
  const listing = settings.PROPERTY_LISTING_SERVICE_URL
    ? undefined
    : await startListing({ clock, jwtSecret, webhookKey, knowsEveryProperty: true });
  const notification = settings.NOTIFICATION_SERVICE_URL ? undefined : await startNotification({ clock, jwtSecret });
  const service = { sub: randomUUID(), role: "Internal" };
  return {
    users,
    listing,
    notification,
    urls: {
      users: settings.USER_MANAGEMENT_URL ?? users.baseUrl,
      listing: settings.PROPERTY_LISTING_SERVICE_URL ?? listing?.baseUrl ?? "",
      notification: settings.NOTIFICATION_SERVICE_URL ?? notification?.baseUrl ?? "",
    },
    notificationBearer: await sign(service, jwtSecret, clock.now(), clock.now() + HUNDRED_YEARS_MS),
    faults: (target) => ({ users, listing, notification })[target]?.faults,
    reset: async () => {
      await Promise.all([users.reset(), listing?.reset(), notification?.reset()]);
    },
    close: async () => {
      await Promise.all([users.close(), listing?.close(), notification?.close()]);
    },
  };
}

export type UserTokens = Record<UserKey, { user_id: string; token: string }>;

/** A token for each user. It is valid for a hundred years, so that it survives jumps of the clock. */
export async function tokensOf(users: UserManagementDouble, clock: Clock): Promise<UserTokens> {
  const expiresAt = clock.now() + HUNDRED_YEARS_MS;
  const entry = async (name: UserKey) => {
    const { id } = USERS[name];
    return { user_id: id, token: await users.tokenFor(id, { expiresAt }) };
  };
  return {
    owner: await entry("owner"),
    owner2: await entry("owner2"),
    tenant: await entry("tenant"),
    admin: await entry("admin"),
  };
}
