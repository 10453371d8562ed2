import * as z from "zod";
import { type Env, EnvironmentInvalid } from "../contract/env.ts";
import { PriceBook } from "../domain/prices.ts";

/**
 * Returns the prices from the environment.
 * @throws EnvironmentInvalid if they are malformed
 */
export function createPriceBook(env: Pick<Env, "PRICE_BOOK">): PriceBook {
  const { data, error } = PriceBook.safeParse(env.PRICE_BOOK);
  if (!data) throw new EnvironmentInvalid(`PRICE_BOOK is malformed: ${z.prettifyError(error)}`);
  return data;
}
