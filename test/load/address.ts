import * as z from "zod";

const User = z.object({ user_id: z.string(), token: z.string() });

/** The line of JSON that `npm start -- --json` prints. */
export const CloudAddress = z.object({
  api: z.string(),
  webhook: z.string(),
  control: z.string(),
  chapa: z.string(),
  users: z.object({ owner: User, owner2: User, tenant: User, admin: User }),
  apiKey: z.string(),
  jwtSecret: z.string(),
});
