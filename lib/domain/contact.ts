import * as z from "zod";

/** How to reach the payer. It is stored apart from the payment, encrypted, and expires. */
export const Contact = z.object({
  email: z.string().optional(),
  phone: z.string().optional(),
  name: z.string().optional(),
  language: z.string().optional(),
});
export type Contact = z.infer<typeof Contact>;
