import { SourceMap } from "node:module";
import * as z from "zod";

// What Node reads of a source map; esbuild writes all of it.
const Payload = z.object({
  file: z.string().default(""),
  version: z.number(),
  sources: z.array(z.string()),
  sourcesContent: z.array(z.string()).default([]),
  names: z.array(z.string()),
  mappings: z.string(),
  sourceRoot: z.string().default(""),
});

// A place in a bundle as a stack names it: file:///var/task/index.mjs:12:3456
const PLACE = /(?:file:\/\/)?\/?[\w./-]*?([\w-]+\.mjs):(\d+):(\d+)/g;

/**
 * Returns the text with each place in a bundle replaced by the place in our source. What no map knows stays as it is.
 * @param mapOf returns the source map of a bundle's file as JSON; undefined if there is none
 */
export function withSourcePlaces(text: string, mapOf: (file: string) => string | undefined): string {
  const maps = new Map<string, SourceMap | undefined>();
  return text.replaceAll(PLACE, (place, file: string, line: string, column: string) => {
    if (!maps.has(file)) maps.set(file, parsed(mapOf(file)));
    const found = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!found || !("originalSource" in found)) return place;
    const source = found.originalSource.replace(/^(?:\.\.\/)+/, "");
    return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}

function parsed(json: string | undefined): SourceMap | undefined {
  return json === undefined ? undefined : new SourceMap(Payload.parse(JSON.parse(json)));
}
