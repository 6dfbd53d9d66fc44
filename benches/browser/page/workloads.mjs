// What is sent: generated from a seed, the same bytes in every run.

/** `{ bytes, events: [{ type, data }], ends }`; `ends` is where each block of lines ends. */
export function workload(name, { bytes: wanted, events: most = Infinity }) {
  const { head = '', block } = WORKLOADS[name];
  const random = new Random(`${name} of tidewire`);
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(wanted + (1 << 18));
  const events = [];
  const ends = [];
  let length = 0;
  const write = (text) => {
    length += encoder.encodeInto(text, bytes.subarray(length)).written;
  };
  write(head);
  for (let index = 0; length < wanted && events.length < most; index += 1) {
    const { text, event } = block(random, index);
    write(text);
    ends.push(length);
    if (event) events.push(event);
  }
  return { bytes: bytes.slice(0, length), events, ends };
}

/** As the network might hand it out: `size` is a number of bytes, or `event` for one block of lines each. */
export function chunks({ bytes, ends }, size) {
  const pieces = [];
  if (size === 'event') {
    let start = 0;
    for (const end of ends) {
      pieces.push(bytes.slice(start, end));
      start = end;
    }
  } else {
    for (let start = 0; start < bytes.length; start += size) {
      pieces.push(bytes.slice(start, start + size));
    }
  }
  return pieces;
}

const message = (data) => ({ text: `data: ${data}\n\n`, event: { type: 'message', data } });

/** Each with the block of lines that comes next, and what a handler reads of the parsed payload. */
export const WORKLOADS = {
  /** A completion as it streams: a token in some 250 bytes of JSON, mostly ASCII as English is. */
  llm: {
    block: (random, index) => {
      const token = random.below(100) === 0 ? random.of(['—', '’', '…']) : ` ${random.of(WORDS)}`;
      return message(
        `{"id":"chatcmpl-${hex(index >> 9, 8)}AbCdEfGhIjKl","object":"chat.completion.chunk",` +
          `"created":${1_760_000_000 + (index >> 6)},"model":"gpt-4o-mini-2024-07-18",` +
          `"service_tier":"default","system_fingerprint":"fp_${hex(0x44709d6f, 10)}",` +
          `"choices":[{"index":0,"delta":{"content":"${token}"},"logprobs":null,"finish_reason":null}]}`,
      );
    },
    read: (data) => data.choices[0].delta.content.length,
  },
  /** Dashtam: all 29 types alike often, with ids, as its service writes them. */
  finance: {
    head: 'retry: 3000\n\n',
    block: (random, index) => {
      const [type, payload] = random.of(FINANCE);
      const data = payload(random);
      const id = `019c0a51-${hex(index >>> 16, 4)}-7${hex(index & 0xfff, 3)}-9f42-${hex(index, 12)}`;
      return { text: `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`, event: { type, data } };
    },
    read: (data) => {
      const id = data.connection_id ?? data.account_id ?? data.conversation_id ?? data.reason;
      return id === undefined ? 1 : id.length;
    },
  },
  /** Nothing but CJK and emoji in the text. */
  unicode: {
    block: (random, index) => {
      let text = '';
      for (let count = 12 + random.below(16); count > 0; count -= 1) text += random.of(SYMBOLS);
      return message(`{"n":${index},"text":"${text}"}`);
    },
    read: (data) => data.text.length,
  },
  /** 60 KB in one event: a document, a snapshot. */
  large: {
    block: (random, index) => {
      const words = [];
      for (let length = 0; length < 60_000;) {
        const word = random.of(WORDS);
        words.push(word);
        length += word.length + 1;
      }
      return message(`{"n":${index},"body":"${words.join(' ')}"}`);
    },
    read: (data) => data.body.length,
  },
  /** What an event itself costs. */
  tiny: {
    block: (random) => message(String(10 + random.below(90))),
    read: (data) => data,
  },
  /** Keepalives, and now and then an event. */
  comments: {
    block: (random, index) =>
      index % 50 === 49
        ? message(`{"n":${index}}`)
        : { text: `: keepalive ${random.below(1e6)}\n\n` },
    read: (data) => data.n,
  },
};

const uuid = (random) =>
  `${hex(random.below(2 ** 32), 8)}-0b4f-4c6b-9c55-${hex(random.below(2 ** 32), 12)}`;
const money = (random) => `${random.below(1e6)}.${String(random.below(100)).padStart(2, '0')}`;
const connection = (random) => `"connection_id": "${uuid(random)}"`;
const account = (random) => `"account_id": "${uuid(random)}"`;
const conversation = (random) => `"conversation_id": "${uuid(random)}"`;
const file = (random) => `"file_name": "statement-${random.below(1000)}.qfx"`;
const failure = '"error": "provider_error:503 Service Unavailable"';
const provider = '"provider_slug": "schwab"';

const FINANCE = Object.entries({
  'sync.accounts.started': (r) => `{${connection(r)}}`,
  'sync.accounts.completed': (r) => `{${connection(r)}, "account_count": ${r.below(12)}}`,
  'sync.accounts.failed': (r) => `{${connection(r)}, ${failure}}`,
  'sync.transactions.started': (r) => `{${connection(r)}, ${account(r)}}`,
  'sync.transactions.completed': (r) =>
    `{${connection(r)}, ${account(r)}, "transaction_count": ${r.below(400)}}`,
  'sync.transactions.failed': (r) => `{${connection(r)}, ${account(r)}, ${failure}}`,
  'sync.holdings.started': (r) => `{${account(r)}}`,
  'sync.holdings.completed': (r) => `{${account(r)}, "holding_count": ${r.below(40)}}`,
  'sync.holdings.failed': (r) => `{${account(r)}, ${failure}}`,
  'provider.token.expiring': (r) =>
    `{${connection(r)}, ${provider}, "expires_in_seconds": ${r.below(86_400)}}`,
  'provider.token.refreshed': (r) => `{${connection(r)}, ${provider}}`,
  'provider.token.failed': (r) => `{${connection(r)}, ${provider}, "needs_reauth": true}`,
  'provider.disconnected': (r) => `{${connection(r)}, ${provider}}`,
  'ai.response.chunk': (r) =>
    `{${conversation(r)}, "chunk": "${r.of(WORDS)} ${r.of(WORDS)} ", "is_final": false}`,
  'ai.tool.executing': (r) => `{${conversation(r)}, "tool_name": "summarise_spending"}`,
  'ai.response.complete': (r) => `{${conversation(r)}}`,
  'import.started': (r) => `{${file(r)}, "file_format": "qfx"}`,
  'import.progress': (r) =>
    `{${file(r)}, "progress_percent": ${r.below(100)}, "records_processed": ${r.below(900)}}`,
  'import.completed': (r) => `{${file(r)}, "records_imported": ${r.below(900)}}`,
  'import.failed': (r) => `{${file(r)}, "error": "unexpected end of file"}`,
  'portfolio.balance.updated': (r) =>
    `{${account(r)}, "previous_balance": "${money(r)}", "new_balance": "${money(r)}", ` +
    `"delta": "${money(r)}", "currency": "USD"}`,
  'portfolio.holdings.updated': (r) =>
    `{${account(r)}, "holdings_count": ${r.below(40)}, "created_count": ${r.below(9)}, ` +
    `"updated_count": ${r.below(9)}, "deactivated_count": 0}`,
  'portfolio.networth.updated': (r) =>
    `{"previous_net_worth": "${money(r)}", "new_net_worth": "${money(r)}", ` +
    `"delta": "${money(r)}", "currency": "USD", "account_count": ${r.below(12)}}`,
  'security.session.new': (r) =>
    `{"session_id": "${uuid(r)}", "device_info": "Firefox on Linux", ` +
    '"ip_address": "203.0.113.24", "location": "Zurich, CH"}',
  'security.session.suspicious': (r) => `{"session_id": "${uuid(r)}", "reason": "new_country"}`,
  'security.session.expiring': (r) =>
    `{"session_id": "${uuid(r)}", "expires_in_seconds": ${r.below(900)}}`,
  'security.session.revoked': (r) =>
    `{"session_id": "${uuid(r)}", "device_info": null, "reason": "user_logout"}`,
  'security.password.changed': () => '{"initiated_by": "user"}',
  'security.login.failed': () => '{"reason": "invalid_password"}',
});

export const FINANCE_TYPES = FINANCE.map(([type]) => type);

const WORDS = (
  'account balance the portfolio of rate market and interest quarter fund to savings growth in ' +
  'holdings transfer budget plan with forecast margin yield a deposit statement review for risk'
).split(' ');
const SYMBOLS = [
  ...'市场利率账户余额投资组合基金收益报告取引残高口座計画予算증권시장이자율📈💰🏦😀👍🎉🚀',
];

function hex(number, width) {
  return number.toString(16).padStart(width, '0');
}

/** Xorshift32 from the sum of a text. */
export class Random {
  #state;

  constructor(seed) {
    let state = 0x9e37_79b9;
    for (const character of seed) state = Math.imul(state ^ character.codePointAt(0), 0x0100_0193);
    this.#state = state || 1;
  }

  below(limit) {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  }

  of(list) {
    return list[this.below(list.length)];
  }

  shuffled(list) {
    const rest = [...list];
    for (let at = rest.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1);
      [rest[at], rest[other]] = [rest[other], rest[at]];
    }
    return rest;
  }
}
