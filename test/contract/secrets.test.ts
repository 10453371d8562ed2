import { expect, test } from "vitest";
import { AuthSecret, GatewaySecret, WebhookSecret } from "../../lib/contract/secrets.ts";

const GATEWAY = {
  chapa_secret_key: "CHASECK_TEST-abc",
  contact_key: "k1",
  contact_keys: { k1: "AAAA" },
  listing_api_key: "listing-key",
  notification_bearer: "a.b.c",
};

test("a secret loses the line breaks and spaces that copying put around its values", () => {
  const stored = {
    ...GATEWAY,
    chapa_secret_key: "CHASECK_TEST-abc\n",
    listing_api_key: " listing-key\r\n",
    notification_bearer: "\ta.b.c",
  };
  expect(GatewaySecret.parse(stored)).toEqual({ ...GATEWAY, chapa_secret_keys_previous: [] });
  expect(WebhookSecret.parse({ chapa_webhook_secret: "whsec-12345\n" })).toEqual({
    chapa_webhook_secret: "whsec-12345",
  });
  const auth = { jwt_secret: "jwt-secret-1\n", namespace: "namespace-1\n", cursor_key: "cursor-key-1\n" };
  expect(AuthSecret.parse(auth)).toMatchObject({
    jwt_secret: "jwt-secret-1",
    namespace: "namespace-1",
    cursor_key: "cursor-key-1",
  });
});

test.each(["chapa_secret_key", "listing_api_key", "notification_bearer"])(
  "a secret is refused by name when no header could carry its %s",
  (name) => {
    for (const inside of ["\n", "\r\n", "\0", " ", "é", "\u2028"]) {
      const stored = { ...GATEWAY, [name]: `CHASECK_TEST-ab${inside}cd` };
      const { error } = GatewaySecret.safeParse(stored);
      expect(error?.issues).toMatchObject([{ path: [name], message: expect.stringContaining("header") }]);
      expect(error?.message).not.toContain("CHASECK");
    }
  },
);

test("a secret of white space only is refused", () => {
  expect(WebhookSecret.safeParse({ chapa_webhook_secret: "         " }).success).toBe(false);
  expect(GatewaySecret.safeParse({ ...GATEWAY, listing_api_key: "\n" }).success).toBe(false);
});
