import type { EnvText } from "../lib/contract/env.ts";

/** What one stage is told from outside; everything else follows from the stack itself. */
export type StageConfig = {
  stage: string;
  /** Values of the functions' environment that differ between stages. */
  values: Pick<
    Required<EnvText>,
    | "CHAPA_BASE_URL"
    | "CHECKOUT_ORIGINS"
    | "USER_MANAGEMENT_URL"
    | "TOKEN_VERIFY"
    | "USER_LOOKUP_PATHS"
    | "PROPERTY_LISTING_SERVICE_URL"
    | "NOTIFICATION_SERVICE_URL"
    | "FRONTEND_REDIRECT_URL"
    | "FRONTEND_PENDING_URL"
    | "FRONTEND_ORIGINS"
    | "PRICE_BOOK"
    | "PAYMENT_TIMEOUT_DAYS"
    | "CHECKOUT_TTL_MINUTES"
    | "RECHECK_LADDER"
    | "LISTING_HEARS_FAILED"
    | "RATE_LIMIT_INITIATE"
    | "RATE_LIMIT_TOKEN"
    | "RATE_LIMIT_TRIGGERS"
    | "INITIATE_PAUSED"
  >;
};

/** The stage that `cdk synth` makes; the siblings' addresses are replaced before it is deployed anywhere. */
export const DEV: StageConfig = {
  stage: "dev",
  values: {
    CHAPA_BASE_URL: "https://api.chapa.co/v1",
    CHECKOUT_ORIGINS: "https://checkout.chapa.co",
    USER_MANAGEMENT_URL: "https://users.rental.invalid/api/v1",
    TOKEN_VERIFY: "remote",
    USER_LOOKUP_PATHS: "/users/{id},/admin/users/{id}",
    PROPERTY_LISTING_SERVICE_URL: "https://listings.rental.invalid/api/v1",
    NOTIFICATION_SERVICE_URL: "https://notifications.rental.invalid/api/v1",
    FRONTEND_REDIRECT_URL: "https://app.rental.invalid/payment/success",
    FRONTEND_PENDING_URL: "",
    FRONTEND_ORIGINS: "https://app.rental.invalid",
    PRICE_BOOK: JSON.stringify({ listing_fee: { amounts: ["500.00"] } }),
    PAYMENT_TIMEOUT_DAYS: "7",
    CHECKOUT_TTL_MINUTES: "60",
    RECHECK_LADDER: "2m,5m,10m,20m,65m,6h,1d",
    LISTING_HEARS_FAILED: "true",
    RATE_LIMIT_INITIATE: "10",
    RATE_LIMIT_TOKEN: "10",
    RATE_LIMIT_TRIGGERS: "60",
    INITIATE_PAUSED: "false",
  },
};
