import { processClock } from "./clock.ts";

/** The clock of this process. Imported first, so that every other module meets the movable `Date`. */
export const clock = processClock();
