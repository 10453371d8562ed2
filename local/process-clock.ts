import { processClock } from "./clock.ts";

/** The clock of this process. Import it first, so that every other module gets the movable `Date`. */
export const clock = processClock();
