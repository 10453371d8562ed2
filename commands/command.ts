import { type ParseArgsConfig, parseArgs } from "node:util";

/** One option of a command: its meaning, the shape of its value (undefined for a switch), and its parser. */
export type Option<Value> = {
  readonly meaning: string;
  readonly shape: string | undefined;
  /** Whether a user may give it several times. */
  readonly isRepeatable: boolean;
  /**
   * @param texts the given values, in order: none if the option is absent, one empty text for a switch
   * @throws BadOption saying what the value must be, as the rest of a sentence that begins with the option's name
   */
  read(texts: readonly string[]): Value;
};

type Options = Readonly<Record<string, Option<unknown>>>;

export type ValuesOf<Declared extends Options> = {
  [Name in keyof Declared]: Declared[Name] extends Option<infer Value> ? Value : never;
};

export type Declaration<Declared extends Options> = {
  /** As users type it: `npm run sim`. */
  name: string;
  summary: string;
  /** How long it usually takes on two cores. */
  duration: string;
  options: Declared;
  /** The option whose value users may give without the option's name. */
  operand?: keyof Declared & string;
  /** The program that gets every argument that is not an option of this command. */
  passesOn?: PassesOn;
  /** Command lines, and what each one does. */
  examples: Readonly<Record<string, string>>;
  /** The last paragraph of the help. */
  notes?: string;
};

export type PassesOn = {
  program: string;
  shape: string;
  /** @returns the first argument that the program does not know, as the user typed it */
  findUnknown(args: readonly string[]): Promise<string | undefined>;
};

/** The result of parsing the arguments: the help, a sentence about what is wrong, or values. */
export type Reading<Declared extends Options> =
  | { kind: "help"; text: string }
  | { kind: "refused"; sentence: string }
  | { kind: "values"; values: ValuesOf<Declared>; rest: readonly string[] };

/** The arguments are wrong. Its message is a sentence for the user. */
export class BadOption extends Error {}

// The exit code that shells use for a wrong call.
const USAGE_ERROR = 2;
const HELP = "help";

/** A program with options. It answers `--help`, and it refuses unknown options before it does anything else. */
export class Command<Declared extends Options> {
  readonly #declaration: Declaration<Declared>;

  constructor(declaration: Declaration<Declared>) {
    this.#declaration = declaration;
  }

  /** The values of this process's options. Prints the help and exits with 0, or reports a mistake and exits with 2. */
  read(): ValuesOf<Declared> {
    return this.#settle(this.interpret(process.argv.slice(2))).values;
  }

  /** As {@link read}, and `rest` are the arguments for the program that the command starts. */
  async readAndPassOn(): Promise<{ values: ValuesOf<Declared>; rest: readonly string[] }> {
    const reading = this.#settle(this.interpret(process.argv.slice(2)));
    const unknown = await this.#declaration.passesOn?.findUnknown(reading.rest);
    if (unknown !== undefined) this.refuse(this.#unknown(unknown));
    return reading;
  }

  /** Prints one sentence about the options and exits with 2. */
  refuse(sentence: string): never {
    process.stderr.write(`${sentence}\n`);
    process.exit(USAGE_ERROR);
  }

  interpret(args: readonly string[]): Reading<Declared> {
    const sorted = this.#sort(args);
    if (sorted.isHelpWanted) return { kind: "help", text: this.help() };
    try {
      const { given, rest } = this.#declaration.passesOn ? sorted : this.#withOperand(sorted);
      return { kind: "values", values: this.#values(given), rest };
    } catch (error) {
      if (!(error instanceof BadOption)) throw error;
      return { kind: "refused", sentence: error.message };
    }
  }

  help(): string {
    const { name, summary, duration, options, operand, passesOn, examples, notes } = this.#declaration;
    const shape = operand === undefined ? "" : ` [${options[operand]?.shape}]`;
    const passed = passesOn ? ` [${passesOn.shape}]` : "";
    const described = Object.entries(options).map(
      ([option, { shape: value, meaning }]) => [`--${option}${value ? ` ${value}` : ""}`, meaning] as const,
    );
    return [
      `${summary}\n`,
      `Usage: ${name} -- [options]${shape}${passed}\n`,
      `Options:\n${columns([...described, ["--help", "prints this text and does nothing else"]])}\n`,
      `Examples:\n${columns(Object.entries(examples))}\n`,
      `Usual duration: ${duration}\n`,
      ...(notes === undefined ? [] : [`${notes.trim()}\n`]),
    ].join("\n");
  }

  #settle(reading: Reading<Declared>): Reading<Declared> & { kind: "values" } {
    if (reading.kind === "refused") this.refuse(reading.sentence);
    if (reading.kind === "help") {
      process.stdout.write(reading.text);
      process.exit(0);
    }
    return reading;
  }

  /** Separates the known options from all other arguments. */
  #sort(args: readonly string[]): Sorted {
    const { options } = this.#declaration;
    const types: ParseArgsConfig["options"] = { [HELP]: { type: "boolean", short: "h" } };
    for (const [name, { shape }] of Object.entries(options)) types[name] = { type: shape ? "string" : "boolean" };
    const { tokens } = parseArgs({ args: [...args], options: types, strict: false, tokens: true });
    const sorted: Sorted = { given: [], rest: [], isHelpWanted: false };
    for (const token of tokens) {
      if (token.kind === "option-terminator") sorted.rest.push("--");
      else if (token.kind === "positional") sorted.rest.push(token.value);
      else if (token.name === HELP) sorted.isHelpWanted = true;
      else if (Object.hasOwn(options, token.name)) sorted.given.push({ name: token.name, text: token.value });
      else sorted.rest.push(token.inlineValue ? `${token.rawName}=${token.value}` : token.rawName);
    }
    return sorted;
  }

  #values(given: readonly Given[]): ValuesOf<Declared> {
    const entries = Object.entries(this.#declaration.options).map(([name, option]) => {
      const texts = given.filter((one) => one.name === name).map(({ text }) => textOf(name, option, text));
      // The last value counts, so that users can append an option to an earlier command line.
      return [name, readAs(`--${name}`, option, option.isRepeatable ? texts : texts.slice(-1))] as const;
    });
    return Object.fromEntries(entries) as ValuesOf<Declared>;
  }

  /** Assigns one bare argument to the operand. @throws BadOption for any other argument */
  #withOperand({ given, rest }: Sorted): { given: readonly Given[]; rest: readonly string[] } {
    const { operand } = this.#declaration;
    const [first, second] = rest;
    if (first === undefined) return { given, rest };
    if (operand === undefined || first.startsWith("-")) throw new BadOption(this.#unknown(first));
    if (second !== undefined) throw new BadOption(this.#unknown(second));
    return { given: [...given, { name: operand, text: first }], rest: [] };
  }

  #unknown(typed: string): string {
    const kind = typed.startsWith("-") ? "option" : "argument";
    return `${this.#declaration.name} does not know the ${kind} ${typed.split("=")[0]}; add --help to see its options.`;
  }
}

type Given = { name: string; text: string | undefined };
type Sorted = { given: Given[]; rest: string[]; isHelpWanted: boolean };

function textOf(name: string, { shape }: Option<unknown>, text: string | undefined): string {
  if (shape === undefined) {
    if (text !== undefined) throw new BadOption(`--${name} takes no value, but was given "${text}".`);
    return "";
  }
  // A text that begins with a dash is an option, unless it is a negative number.
  if (text === undefined || /^-[^0-9]/.test(text)) throw new BadOption(`--${name} needs a value: --${name} ${shape}.`);
  return text;
}

function readAs<Value>(name: string, option: Option<Value>, texts: readonly string[]): Value {
  try {
    return option.read(texts);
  } catch (error) {
    throw error instanceof BadOption ? new BadOption(`${name} ${error.message}, not "${texts.at(-1)}".`) : error;
  }
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
