/** What every entry of the package exports beside its `connect`. */

export { DecodeError, TidewireError, type ErrorCode } from './error.js';
export type {
  AnyName,
  CategoryName,
  EventIn,
  EventMatching,
  EventShape,
  KnownEvent,
  KnownType,
  Parse,
  Selected,
  StreamEvent,
  TypeName,
  UnknownEvent,
} from './event.js';
export { sessionStore, type CursorStore } from './store.js';
export type { DecodeFailure } from './decode.js';
export type {
  BufferOptions,
  ConnectOptions,
  QueryValue,
  ReconnectOptions,
  Token,
  TokenRequest,
} from './options.js';
export { defineProfile } from './define-profile.js';
export type {
  AnyProfile,
  Profile,
  ProfileDefinition,
  TextDefinition,
} from './profile.js';
export type {
  Closed,
  Connected,
  DataOf,
  EventOf,
  FilterChange,
  StreamNews,
  StreamState,
  StreamStats,
  TidewireStream,
} from './stream.js';
export type { Validator } from './validator.js';
