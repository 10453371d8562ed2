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
  "resolve, nothing new": { cold: 3, known: 3 },
  // The pointer by which a capture is found is stored before the capture.
  "resolve, money": { cold: 4, known: 4 },
} as const;
