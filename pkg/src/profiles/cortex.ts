/** Cortex, conversations in workspaces: messages, what is being typed, who came and went. */

// Printed from the tables in src/profiles by `cargo xtask types`. Change those.

import { profileOf } from '../profile.js';

/** Event types, and their payloads. */
export interface CortexEvents {
  /** The stream stands: its first event. */
  connect: Connected;
  /** The server lives: every 30 s, in the second generation every 15 s, traffic or not. */
  heartbeat: HeartbeatData;
  /** A message was written, by the user or the assistant. */
  message_received: MessageReceivedData;
  /** What a conversation or a workspace is doing. */
  status_update: StatusUpdateData;
  /** A conversation changed. */
  conversation_update: ConversationUpdateData;
  /** A conversation began. */
  conversation_created: ConversationCreatedData;
  /** A conversation was deleted. */
  conversation_deleted: ConversationDeletedData;
  /** A workspace was made. */
  workspace_created: WorkspaceCreatedData;
  /** Someone began or stopped to type. */
  typing_indicator: TypingIndicatorData;
  /** The second generation's greeting on a conversation's stream. */
  connection_confirmed: ConnectionConfirmedData;
  /** The second generation's trial event. */
  connection_test: ConnectionTestData;
  /** A notice for the user. */
  notification: NotificationData;
  /** Something about the service as a whole. */
  system_update: NoticeData;
  /** A preference of the user changed. */
  preference_update: NoticeData;
  /** A workspace changed. */
  workspace_update: WorkspaceUpdateData;
  /** Someone joined a workspace. */
  member_joined: MemberData;
  /** Someone left a workspace. */
  member_left: MemberData;
}

/** Categories, and their event types. */
export interface CortexCategories {
  connection: 'connect' | 'heartbeat' | 'connection_confirmed' | 'connection_test';
  message: 'message_received';
  activity: 'status_update' | 'typing_indicator';
  conversation: 'conversation_update' | 'conversation_created' | 'conversation_deleted';
  workspace: 'workspace_created' | 'workspace_update' | 'member_joined' | 'member_left';
  notice: 'notification' | 'system_update' | 'preference_update';
}

/** `connect` */
export interface Connected {
  /** Always true. */
  connected: boolean;
}

/** `heartbeat` */
export interface HeartbeatData {
  /** When it was sent, ISO 8601 with offset. */
  timestamp_utc?: string;
}

/** `message_received` */
export interface MessageReceivedData {
  /** The message. The same one comes again in the second generation. */
  id: string;
  /** Its text. */
  content: string;
  /** Who wrote it, an open string: `user`, `assistant`. */
  role: string;
  /** When it was written, ISO 8601 with offset. */
  created_at_utc?: string;
  /**
   * What goes with it; in an assistant's message `message_type`, `action_type`,
   * `priority`, `reference_id`.
   */
  metadata?: Record<string, unknown>;
  /** The conversation, in the second generation. */
  conversation_id?: string;
}

/**
 * `status_update`: the service sends `message`, `timestamp` and `metadata`, its reference
 * says `status`, `role` and `timestamp_utc`.
 */
export interface StatusUpdateData {
  /** What is going on, for people. */
  message?: string;
  /** When, ISO 8601; without a zone it is the server's local time. */
  timestamp?: string;
  /** `message_type`, `priority`, `reference_id`. */
  metadata?: Record<string, unknown>;
  /** The conversation, in the second generation. */
  conversation_id?: string;
  /** What is going on, an open string: `typing`. */
  status?: string;
  /** Who it is about: `user`, `assistant`. */
  role?: string;
  /** When, ISO 8601 with offset. */
  timestamp_utc?: string;
}

/** `conversation_update` */
export interface ConversationUpdateData {
  /** The conversation. */
  id: string;
  /** Its title. */
  title?: string;
  /** When something last happened in it, ISO 8601 with offset. */
  last_active_at_utc?: string;
  /** What goes with it. */
  metadata?: Record<string, unknown>;
}

/** `conversation_created` */
export interface ConversationCreatedData {
  /** The conversation. */
  id: string;
  /** Its title. */
  title?: string;
  /** How it is held, `chat` say. */
  modality?: string;
  /** When it began, ISO 8601 with offset. */
  created_at_utc?: string;
}

/** `conversation_deleted` */
export interface ConversationDeletedData {
  /** The conversation. */
  id: string;
}

/** `workspace_created` */
export interface WorkspaceCreatedData {
  /** The workspace. */
  id: string;
  /** Its name. */
  name?: string;
  /** When it was made, ISO 8601 with offset. */
  created_at_utc?: string;
}

/** `typing_indicator` */
export interface TypingIndicatorData {
  /** Whether someone is typing. */
  isTyping: boolean;
  /** The conversation. */
  conversation_id?: string;
  /** When, ISO 8601 with offset. */
  timestamp_utc?: string;
}

/** `connection_confirmed` */
export interface ConnectionConfirmedData {
  /** `connected`. */
  status: string;
  /** The conversation. */
  conversation_id?: string;
  /** When, ISO 8601 with offset. */
  timestamp_utc?: string;
  /** The user, in spite of its name. */
  client_id?: string;
}

/** `connection_test` */
export interface ConnectionTestData {
  /** The trial. */
  test_id: string;
  /** When, ISO 8601; without a zone it is the server's local time. */
  timestamp?: string;
  /** What it says. */
  message?: string;
}

/** `notification` */
export interface NotificationData {
  /** The notice. */
  message: string;
  /** When, ISO 8601 with offset. */
  timestamp_utc?: string;
}

/** `system_update` and `preference_update`, of which the documents name no member. */
export interface NoticeData {
  /** What changed, for people. */
  message?: string;
  /** When, ISO 8601 with offset. */
  timestamp_utc?: string;
  /** What goes with it. */
  metadata?: Record<string, unknown>;
}

/** `workspace_update`, of which the documents name no member. */
export interface WorkspaceUpdateData {
  /** The workspace. */
  id?: string;
  /** Its name. */
  name?: string;
  /** When, ISO 8601 with offset. */
  timestamp_utc?: string;
  /** What goes with it. */
  metadata?: Record<string, unknown>;
}

/** `member_joined` and `member_left`, of which the documents name no member. */
export interface MemberData {
  /** The workspace. */
  workspace_id?: string;
  /** Who joined or left. */
  user_id?: string;
  /** What they may do, an open string. */
  role?: string;
  /** When, ISO 8601 with offset. */
  timestamp_utc?: string;
}

/** Cortex, conversations in workspaces: messages, what is being typed, who came and went. */
export const cortex = /*#__PURE__*/ profileOf<CortexEvents, undefined, CortexCategories>({
  name: 'cortex',
  categories: {
    connection: ['connect', 'heartbeat', 'connection_confirmed', 'connection_test'],
    message: ['message_received'],
    activity: ['status_update', 'typing_indicator'],
    conversation: ['conversation_update', 'conversation_created', 'conversation_deleted'],
    workspace: ['workspace_created', 'workspace_update', 'member_joined', 'member_left'],
    notice: ['notification', 'system_update', 'preference_update'],
  },
  critical: [
    'message_received',
    'conversation_created',
    'conversation_deleted',
    'workspace_created',
  ],
  droppable: ['heartbeat', 'status_update', 'typing_indicator', 'connection_test'],
  heartbeats: ['heartbeat'],
  recurring: [
    'conversation_update',
    'system_update',
    'preference_update',
    'workspace_update',
    'member_joined',
    'member_left',
  ],
  open: true,
  prefixes: ['conversation', 'workspace', 'user', 'global'],
  cursor: 'none',
  auth: { query: 'token' },
  heartbeat: { event: 30000 },
  identity: { field: 'id' },
});
