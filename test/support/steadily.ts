import { DependencyUnavailable } from "../../lib/domain/errors.ts";

/** Made again until something is known. @throws DependencyUnavailable when so many tries tell nothing */
export async function steadily<Result>(call: () => Promise<Result>, most = 20): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DependencyUnavailable) || tries === most) throw error;
    }
  }
}
