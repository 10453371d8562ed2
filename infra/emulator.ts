import { CfnResource, type IAspect } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** What the emulator that the stack is deployed into for a test does not know. */
const UNKNOWN = ["AWS::CloudWatch::CompositeAlarm", "AWS::Logs::QueryDefinition"];

/** Takes out of a stack what the emulator does not know, and says what that was. */
export class LeaveOut implements IAspect {
  readonly #say: (text: string) => void;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  visit(node: IConstruct): void {
    const scope = node.node.scope;
    if (!scope || !CfnResource.isCfnResource(node) || !UNKNOWN.includes(node.cfnResourceType)) return;
    scope.node.tryRemoveChild(node.node.id);
    this.#say(`left out: ${node.cfnResourceType} ${node.node.path}\n`);
  }
}
