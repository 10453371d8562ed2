/** A count that was given on the command line. Whoever gives anything else is told so, and the process ends with 2. */
export function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  process.stdout.write(`--${option} is a whole number above 0, not "${text}"\n`);
  process.exit(2);
}
