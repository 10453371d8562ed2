/** The handler that every cold load is compared with: Node itself, and nothing of ours. */
export const handler = async () => undefined;
