import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * From now on this thread loads the mutant's files with its places changed. Nothing of `lib` may be loaded before.
 * @returns whether each file was loaded with its change
 */
export function mutate({ name, also = [], ...first }: Mutant): () => boolean {
  const edits = [first, ...also];
  const loaded = new Set<string>();
  registerHooks({
    load(url, context, nextLoad) {
      const module = nextLoad(url, context);
      const path = url.startsWith("file:") ? fileURLToPath(url) : "";
      let source = String(module.source);
      for (const { file, from, to } of edits.filter((edit) => path === `${ROOT}${edit.file}`)) {
        const times = source.split(from).length - 1;
        if (times !== 1) throw new Error(`"${name}": its place stands ${times} times in ${file}`);
        source = source.replace(from, () => to);
        loaded.add(file);
      }
      return loaded.has(path.slice(ROOT.length)) ? { ...module, source } : module;
    },
  });
  return () => edits.every(({ file }) => loaded.has(file));
}
