import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * From now on this thread loads the mutant's file with its one place changed. Nothing of `lib` may be loaded before.
 * @returns whether the file was loaded with the change
 */
export function mutate({ name, file, from, to }: Mutant): () => boolean {
  let isLoaded = false;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith("file:") || fileURLToPath(url) !== `${ROOT}${file}`) return loaded;
      const source = String(loaded.source);
      if (source.split(from).length !== 2)
        throw new Error(`"${name}": its place stands ${source.split(from).length - 1} times in ${file}`);
      isLoaded = true;
      return { ...loaded, source: source.replace(from, () => to) };
    },
  });
  return () => isLoaded;
}
