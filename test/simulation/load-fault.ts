import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { type DeliberateFault, faultySource, filesOf } from "../invariants/deliberate-faults.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * From now on this thread loads the fault's files with its places changed. Nothing of `lib` may be loaded before.
 * @returns whether each file was loaded with its change
 */
export function loadWithFault(fault: DeliberateFault): () => boolean {
  const files = filesOf(fault);
  const loaded = new Set<string>();
  registerHooks({
    load(url, context, nextLoad) {
      const module = nextLoad(url, context);
      const file = url.startsWith(`file://${ROOT}`) ? fileURLToPath(url).slice(ROOT.length) : "";
      if (!files.includes(file)) return module;
      loaded.add(file);
      return { ...module, source: faultySource(fault, file, String(module.source)) };
    },
  });
  return () => loaded.size === files.length;
}
