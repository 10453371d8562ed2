import type { Target } from "./engine.ts";
import { CHAPA_TARGETS } from "./targets/chapa.ts";
import { HTTP_TARGETS } from "./targets/http.ts";
import { STORED_TARGETS } from "./targets/stored.ts";

/** Every parser that takes text or bytes from outside. */
export const TARGETS: readonly Target[] = [...CHAPA_TARGETS, ...HTTP_TARGETS, ...STORED_TARGETS];
