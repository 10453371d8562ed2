import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { TablePorts } from "../../lib/table/ports.ts";

/** What a command asks the table for. */
export type Asked = Record<string, unknown>;

/** A client whose table gives these answers, one after the other, and what it was asked. An error is thrown. */
export function answering(...answers: (object | Error)[]): { client: DynamoDBDocumentClient; asked: Asked[] } {
  const asked: Asked[] = [];
  const send = async ({ input }: { input: Asked }) => {
    const answer = answers[asked.push(input) - 1];
    if (answer === undefined) throw new Error(`the table is asked once more than expected: ${JSON.stringify(input)}`);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { client: { send } as unknown as DynamoDBDocumentClient, asked };
}

/** Ports of a table, and what they saw. A wait takes no time; the random number is as high as it gets. */
export function seenPorts() {
  const said: unknown[][] = [];
  const counted: string[] = [];
  const waits: number[] = [];
  const note = (...record: unknown[]) => void said.push(record);
  const ports: TablePorts = {
    clock: { sleep: async (ms) => void waits.push(ms) },
    random: () => 1,
    log: { warn: note, error: note },
    count: (name) => void counted.push(name),
  };
  return { ports, said, counted, waits };
}
