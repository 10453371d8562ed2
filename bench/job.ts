import * as z from "zod";

/** Calls that a process makes, `lanes` of them at the same time. */
export const Job = z.object({
  lanes: z.number().int().min(1),
  calls: z.array(
    z.object({
      method: z.enum(["GET", "POST"]),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string().optional(),
    }),
  ),
});
export type Job = z.infer<typeof Job>;
export type Call = Job["calls"][number];

/** What came of a job: how long it took, and each answer in the order of the calls. */
export const Answered = z.object({
  seconds: z.number(),
  answers: z.array(z.object({ ms: z.number(), status: z.number(), body: z.string() })),
});
export type Answered = z.infer<typeof Answered>;
