import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { PageKey } from "../domain/commands.ts";
import { Ref } from "../domain/ids.ts";
import { InputInvalid } from "./errors.ts";

const Content = z.tuple([Ref, z.number().int()]);

/**
 * Returns a reader and a writer of cursors. A cursor is opaque and valid only for the list that it was made for.
 * @param key signs the cursors
 * @param list identifies the list: its caller and filters
 */
export function cursors(key: string, list: readonly unknown[]) {
  const tagOf = (content: string) =>
    createHmac("sha256", key)
      .update(JSON.stringify(["cursor/1", list, content]))
      .digest("base64url")
      .slice(0, 22);
  return {
    write: ({ ref, at }: PageKey): string => {
      const content = Buffer.from(JSON.stringify([ref, at])).toString("base64url");
      return `${content}.${tagOf(content)}`;
    },
    /** @throws InputInvalid for a cursor of another list */
    read: (cursor: string): PageKey => {
      const [content = ""] = cursor.split(".", 1);
      const [given, made] = [Buffer.from(cursor), Buffer.from(`${content}.${tagOf(content)}`)];
      if (given.length !== made.length || !timingSafeEqual(given, made)) {
        const msg = "is not one that this list gave";
        throw new InputInvalid([{ pointer: "/cursor", loc: ["query", "cursor"], msg, type: "cursor_invalid" }]);
      }
      const [ref, at] = Content.parse(JSON.parse(Buffer.from(content, "base64url").toString("utf8")));
      return { ref, at };
    },
  };
}
