/** One call of a client's: what it is asked to be told again, under which id. Answers the text that came back. */
export type Call = (client: number, id: number, marker: string) => Promise<{ id: unknown; text: string }>;

/**
 * Many clients at once, each numbering its calls from 0 as every SDK does, each with a marker of its own. Answers what came back to a client
 * that was not its own.
 */
export async function foreignMarkers(call: Call, clients: number, callsOfEach: number): Promise<string[]> {
  const foreign: string[] = [];
  const live = async (client: number) => {
    for (let id = 0; id < callsOfEach; id++) {
      const marker = `marker-${client}-${id}-${crypto.randomUUID()}`;
      const answer = await call(client, id, marker);
      if (answer.text !== marker || answer.id !== id)
        foreign.push(`client ${client}, call ${id}: ${JSON.stringify(answer)}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => live(client)));
  return foreign;
}
