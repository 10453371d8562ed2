import { Duration } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  CfnStage,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpIamAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { CORS } from "../lib/contract/cors.ts";
import { readEnv } from "../lib/contract/env.ts";
import type { FunctionName } from "../lib/contract/functions.ts";
import { gatewayMethodOf, NO_ROUTE, ROUTES } from "../lib/contract/routes.ts";
import { ROUTE_THROTTLES, type StageConfig } from "./config.ts";

/** The HTTP API without routes yet: its address is told to the functions that answer it. */
export function makeApi(scope: Construct, config: StageConfig): { api: HttpApi; url: string } {
  const api = new HttpApi(scope, "Api", {
    createDefaultStage: false,
    corsPreflight: {
      allowOrigins: readEnv(["FRONTEND_ORIGINS"], config.values).FRONTEND_ORIGINS,
      allowMethods: CORS.methods.map((method) => CorsHttpMethod[method]),
      allowHeaders: [...CORS.requestHeaders],
      exposeHeaders: [...CORS.responseHeaders],
      maxAge: Duration.seconds(CORS.maxAgeSeconds),
    },
  });
  return { api, url: config.domain ? `https://${config.domain.name}` : api.apiEndpoint };
}

/** Every route of the contract to its function, and the stage that serves, throttles and logs them. */
export function addRoutes(
  scope: Construct,
  api: HttpApi,
  functions: Record<FunctionName, LambdaFunction>,
  config: StageConfig,
): HttpStage {
  const signed = new HttpIamAuthorizer();
  const integrations = new Map<FunctionName, HttpLambdaIntegration>();
  const integrationOf = (name: FunctionName) => {
    // One permission for all routes of the API. Resources of a stack are limited, and routes are its most.
    const made =
      integrations.get(name) ?? new HttpLambdaIntegration(name, functions[name], { scopePermissionToRoute: false });
    integrations.set(name, made);
    return made;
  };
  const routes = ROUTES.flatMap(({ method, path, function: name, access }) => {
    // What is public is public on purpose; what a token or a key opens is checked by the function itself.
    const authorizer = access.kind === "iam" ? { authorizer: signed } : {};
    const methods = [HttpMethod[gatewayMethodOf(method)]];
    return api.addRoutes({ path, methods, integration: integrationOf(name), ...authorizer });
  });
  const refusal = new HttpRoute(api, "NoRoute", {
    httpApi: api,
    routeKey: HttpRouteKey.DEFAULT,
    integration: new HttpLambdaIntegration(NO_ROUTE.function, functions[NO_ROUTE.function]),
  });
  const stage = makeStage(scope, api, config);
  // A throttle for a route that does not exist yet would fail the deployment.
  for (const route of [...routes, refusal]) stage.node.addDependency(route);
  return stage;
}

function makeStage(scope: Construct, api: HttpApi, config: StageConfig): HttpStage {
  const { rate, burst } = config.throttle;
  const stage = new HttpStage(scope, "Stage", {
    httpApi: api,
    autoDeploy: true,
    throttle: { rateLimit: rate, burstLimit: burst },
    detailedMetricsEnabled: true,
    accessLogSettings: {
      destination: new LogGroupLogDestination(
        new LogGroup(scope, "access-logs", { retention: config.logRetentionDays }),
      ),
      // Nothing of the request itself: paths hold ids only, and no query, header or body is written.
      format: AccessLogFormat.custom(JSON.stringify(ACCESS_RECORD)),
    },
    ...(config.domain ? { domainMapping: { domainName: domainOf(scope, config.domain) } } : {}),
  });
  const resource = stage.node.defaultChild;
  if (!(resource instanceof CfnStage)) throw new Error("the stage is not what it was");
  resource.routeSettings = Object.fromEntries(
    Object.entries(ROUTE_THROTTLES).map(([key, of]) => [
      key,
      { ThrottlingRateLimit: of.rate, ThrottlingBurstLimit: of.burst, DetailedMetricsEnabled: true },
    ]),
  );
  return stage;
}

const ACCESS_RECORD = {
  at: "$context.requestTime",
  request_id: "$context.requestId",
  route: "$context.routeKey",
  path: "$context.path",
  status: "$context.status",
  ms: "$context.responseLatency",
  function_ms: "$context.integrationLatency",
  ip: "$context.identity.sourceIp",
  error: "$context.error.message",
};

function domainOf(scope: Construct, { name, certificateArn }: NonNullable<StageConfig["domain"]>): DomainName {
  const certificate = Certificate.fromCertificateArn(scope, "Certificate", certificateArn);
  return new DomainName(scope, "Domain", { domainName: name, certificate });
}
