import { fromEnv } from "@aws-sdk/credential-provider-env";

/**
 * Stands in for `@aws-sdk/credential-provider-node` in bundles. Lambda passes a function's credentials by its
 * environment, so the other sources (profiles, single sign-on, other hosts) would only be loaded.
 */
export const defaultProvider = fromEnv;
