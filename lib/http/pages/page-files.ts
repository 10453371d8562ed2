import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { contentHash } from "../etag.ts";
import type { HttpAnswer } from "../problem.ts";
import { staticAnswer } from "../static-answer.ts";

/** Answers any request for one fixed text. */
export type Answering = (event: APIGatewayProxyEventV2) => HttpAnswer;

/** Returns an answer that is made at its first request and kept in the process. */
export function madeOnce(make: () => Answering): Answering {
  let made: Answering | undefined;
  return (event) => {
    made ??= make();
    return made(event);
  };
}

/** Scripts and style sheets that pages of ours load from us. The address of each changes with its content. */
export class PageFiles<Name extends string> {
  readonly #folder: string;
  readonly #textOf: (name: Name) => string;
  readonly #answers: ReadonlyMap<string, Answering>;

  /**
   * @param folder the path under which they are served, as in `/docs`
   * @param files the content type of each, by its name
   */
  constructor(folder: string, files: Readonly<Record<Name, { type: string }>>, textOf: (name: Name) => string) {
    this.#folder = folder;
    this.#textOf = textOf;
    const names = Object.keys(files).filter((name): name is Name => Object.hasOwn(files, name));
    this.#answers = new Map(
      names.map((name) => {
        const headers = { "content-type": files[name].type, "cache-control": "public, max-age=31536000, immutable" };
        return [name, madeOnce(() => staticAnswer(textOf(name), headers))];
      }),
    );
  }

  /** Returns a file; undefined if there is none of this name. */
  answer(name: string, event: APIGatewayProxyEventV2): HttpAnswer | undefined {
    return this.#answers.get(name)?.(event);
  }

  address(name: Name): string {
    return `${this.#folder}/${name}?v=${contentHash(this.#textOf(name))}`;
  }
}
