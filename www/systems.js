// The five systems: where each is, what is asked of it, and what is shown of
// its events beyond their fields.

import { cortex, dashtam, hive, stageChat, stockAgent } from 'tidewire/profiles';

import { fieldsOf, money, short } from './fields.js';
import { issueToken } from './origin.js';

export const systems = {
  dashtam: {
    title: 'Dashtam',
    about: 'Bank synchronisation, imports, balances',
    request: 'GET /api/v1/events',
    profile: dashtam,
    keeps: 'dashtam',
    options: ({ base }) => ({ token: () => issueToken(base, 'dashtam') }),
    facts: ['Net worth', 'Import', 'Last sync'],
    fact(event) {
      switch (event.type) {
        case 'portfolio.networth.updated':
          return ['Net worth', money(event.data.new_net_worth, event.data.currency)];
        case 'import.started':
          return ['Import', 'started'];
        case 'import.progress':
          return ['Import', `${event.data.progress_percent} %`];
        case 'import.completed':
          return ['Import', `${event.data.records_imported} records`];
        case 'import.failed':
          return ['Import', 'failed'];
        case 'sync.accounts.completed':
          return ['Last sync', `${event.data.account_count} accounts`];
        case 'sync.transactions.completed':
          return ['Last sync', `${event.data.transaction_count} transactions`];
        case 'sync.holdings.completed':
          return ['Last sync', `${event.data.holding_count} holdings`];
      }
    },
    fields(event) {
      switch (event.type) {
        case 'portfolio.balance.updated': {
          const { new_balance, delta, currency } = event.data;
          return [['balance', money(new_balance, currency)], ...change(delta)];
        }
        case 'portfolio.networth.updated': {
          const { new_net_worth, delta, currency, account_count } = event.data;
          return [['net worth', money(new_net_worth, currency)], ...change(delta), ['accounts', String(account_count)]];
        }
        default:
          return fieldsOf(event);
      }
    },
  },

  cortex: {
    title: 'Cortex',
    about: 'A conversation, followed by channel',
    request: 'GET /v1/conversation/c-1',
    profile: cortex,
    options: ({ base }) => ({ token: () => issueToken(base, 'cortex') }),
    facts: ['Last message', 'From', 'Status'],
    fact(event) {
      switch (event.type) {
        case 'message_received':
          return ['Last message', event.data.content, 'From', event.data.role];
        case 'status_update':
          return ['Status', event.data.message ?? event.data.status];
        case 'typing_indicator':
          return ['Status', event.data.isTyping ? 'typing' : 'idle'];
      }
    },
  },

  hive: {
    title: 'Hive',
    about: 'A colony of agents at work',
    request: 'GET /api/sessions/session_demo/events',
    profile: hive,
    keeps: 'hive',
    facts: ['Phase', 'Tool', 'Context used'],
    fact(event) {
      switch (event.type) {
        case 'queen_phase_changed':
          return ['Phase', event.data.phase];
        case 'tool_call_started':
          return ['Tool', event.data.tool_name];
        case 'context_usage_updated':
          return ['Context used', `${event.data.usage_pct} %`];
      }
    },
  },

  'stock-agent': {
    title: 'Stock agent',
    about: 'An analyst’s answer, streamed once',
    request: 'POST /api/chat',
    profile: stockAgent,
    question: 'How did Kweichow Moutai trade this week?',
    options: ({ question, session }) => ({ body: { message: question, session_id: session } }),
    facts: ['Step', 'Tools', 'Sources'],
    fact(event) {
      switch (event.type) {
        case 'status': {
          const tools = event.data.steps?.map(({ tool }) => tool).join(', ');
          return ['Step', event.data.status, ...(tools ? ['Tools', tools] : [])];
        }
        case 'result':
          return ['Step', 'answered', 'Sources', short(event.data.sources)];
        case 'error':
          return ['Step', 'failed'];
      }
    },
    text(event) {
      switch (event.type) {
        case 'chunk':
          return { append: event.data.content };
        case 'result': // the whole text once more: it replaces what was put together
          return { replace: [event.data.content, event.data.disclaimer].filter(Boolean).join('\n\n') };
        case 'error':
          return { append: `\n${event.data.message}` };
      }
    },
  },

  'stage-chat': {
    title: 'Stage chat',
    about: 'A completion, chunk by chunk',
    request: 'POST /stream/v1/chat',
    profile: stageChat,
    question: 'Explain server-sent events in a few sentences.',
    options: ({ question }) => ({
      body: {
        stage_id: crypto.randomUUID?.() ?? `stage-${Date.now()}`, // not there without https
        system_prompt: 'You are a concise assistant.',
        user_prompt: question,
        model_container: 'traditional',
        stream: true,
      },
    }),
    facts: ['Model', 'Stage', 'Finish'],
    fact(event) {
      switch (event.type) {
        case 'chat_completion_chunk': {
          const { model, choices } = event.data.chunk;
          const finish = choices[0]?.finish_reason;
          const stage = event.data.stage_id.slice(0, 8);
          return ['Model', model, 'Stage', stage, 'Finish', finish ?? 'streaming'];
        }
        case 'done':
        case 'cancel':
          return ['Finish', event.type];
        case 'error':
          return ['Finish', 'failed'];
      }
    },
    text(event) {
      switch (event.type) {
        case 'chat_completion_chunk':
          return { append: event.data.chunk.choices[0]?.delta.content ?? '' };
        case 'error':
          return { append: `\n${event.data.error}` };
      }
    },
    fields(event) {
      if (event.type !== 'chat_completion_chunk') return fieldsOf(event);
      const { choices, model } = event.data.chunk;
      const { delta, finish_reason } = choices[0] ?? {}; // the last chunk may have none
      return fieldsOf({ data: { content: delta?.content, finish_reason, model } });
    },
  },
};

function change(delta) {
  return delta === undefined ? [] : [['change', delta.startsWith('-') ? delta : `+${delta}`]];
}

/** The path of a system's request, as its server knows it. */
export function pathOf({ request }) {
  return request.slice(request.indexOf(' ') + 1);
}
