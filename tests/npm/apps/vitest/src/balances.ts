import { connect, type ConnectOptions } from 'tidewire';
import { dashtam, type Dashtam } from 'tidewire/profiles';

interface Balances extends ConnectOptions<typeof dashtam, undefined> {
  show: (balance: Dashtam.BalanceUpdated) => void;
  refetch: () => void;
}

export function followBalances(url: string, { show, refetch, ...options }: Balances) {
  const stream = connect(url, { profile: dashtam, categories: ['portfolio'], ...options });
  stream.on('portfolio.balance.updated', ({ data }) => show(data));
  stream.addEventListener('gap', refetch);
  return stream;
}
