/**
 * How many trips a call makes one after the other; `test/functions/trips.integration.test.ts` counts them. Cold: the
 * function starts with the call, its reads at the start included. Unknown: this process has not confirmed the user, but
 * another one has.
 */
export const TRIPS = {
  initiate: { cold: 5, unknown: 4, known: 3 },
  replay: { known: 1 },
  status: { cold: 3, known: 1 },
  webhook: { cold: 2, known: 1 },
  // Webhooks are counted last, so that nothing is written before Chapa has been asked.
  "resolve, nothing new": { cold: 4, known: 4 },
  // The pointer by which a capture is found is stored before the capture.
  "resolve, money": { cold: 5, known: 5 },
} as const;
