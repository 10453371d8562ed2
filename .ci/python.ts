import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A Python environment of its own in .local, with exactly what a requirements file names. Needs Python >= 3.10. */
export function pythonEnvironment(name: string, requirements: string): string {
  const home = `.local/${name}`;
  if (!existsSync(`${home}/bin/python`)) execFileSync("python3", ["-m", "venv", home], { stdio: "inherit" });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  execFileSync(`${home}/bin/python`, pip, { stdio: "inherit" });
  return home;
}
