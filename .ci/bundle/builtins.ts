import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Takes Node's own modules from the running process. An `import` of `node:http` evaluates every export, and one of them
 * loads undici: a fifth of a cold start for a client that no function uses.
 */
export const builtins: Plugin = {
  name: "builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]|^node:/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      return { path: path.replace(/^node:/, ""), namespace: kind === "import-statement" ? "named" : "whole" };
    });
    onLoad({ filter: /.*/, namespace: "named" }, ({ path }) => ({ contents: namedExports(path), loader: "js" }));
    onLoad({ filter: /.*/, namespace: "whole" }, ({ path }) => ({
      contents: `module.exports = ${taken(path)};`,
      loader: "js",
    }));
  },
};

const taken = (path: string) => `process.getBuiltinModule(${JSON.stringify(`node:${path}`)})`;

/** Each export is read only where it is used, because reading some of them loads more of Node. */
function namedExports(path: string): string {
  const names = Object.keys(process.getBuiltinModule(`node:${path}`) ?? {}).filter((name) =>
    /^[A-Za-z]\w*$/.test(name),
  );
  const exported = names
    .filter((name) => name !== "default")
    .map((name) => `export const ${name} = /* @__PURE__ */ (() => all.${name})();`);
  return [`const all = ${taken(path)};`, "export default all;", ...exported].join("\n");
}
