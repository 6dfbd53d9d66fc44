import { connect } from 'tidewire';
import { stockAgent } from 'tidewire/profiles';

export async function ask(query: string): Promise<string> {
  const answer = connect('/api/chat', { profile: stockAgent, body: { query } });
  return answer.text();
}
