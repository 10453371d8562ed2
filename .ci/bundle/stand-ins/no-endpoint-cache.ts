/**
 * Stands in for `@aws-sdk/endpoint-cache` in bundles. The SDK creates one for each client of DynamoDB, and uses it only
 * where endpoint discovery is switched on.
 */
export class EndpointCache {}
