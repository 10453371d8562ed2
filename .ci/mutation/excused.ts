/** A mutant that no test notices, and why that is right. `code` and `becomes` are as the list of survivors shows them. */
export type Excuse = { file: string; code: string; becomes: string; times?: number; because: string };

export const EXCUSED: readonly Excuse[] = [];
