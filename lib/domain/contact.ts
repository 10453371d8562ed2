import * as z from "zod";

/** How to reach the payer. Kept apart from the payment, encrypted, and only for a while. */
export const Contact = z.object({
  email: z.string().optional(),
  phone: z.string().optional(),
  name: z.string().optional(),
  language: z.string().optional(),
});
export type Contact = z.infer<typeof Contact>;
