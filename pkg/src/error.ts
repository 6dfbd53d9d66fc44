/** What kind of failure it was. */
export type ErrorCode =
  /** The server could not be reached, or the connection broke. */
  | 'network'
  /** The server answered with a status that is no stream. */
  | 'status'
  /** The answer is no event stream. */
  | 'content-type'
  /** The server took too long to answer. */
  | 'timeout'
  /** One event was larger than `maxEventBytes`. */
  | 'too-large'
  /** The server does not take the filter: it cuts the stream at once, again and again. */
  | 'filter'
  /** No token could be had. */
  | 'token'
  /** Nothing was heard for longer than the server is ever silent. */
  | 'stale'
  /** The server ended a stream that has no end. */
  | 'ended'
  /** A one-shot answer broke off. */
  | 'interrupted'
  /** More came than the consumer took, and `buffer.overflow` is 'close'. */
  | 'slow-consumer'
  /** The platform cannot run this. */
  | 'unsupported'
  /** An option was wrong, seen too late to be thrown. */
  | 'options'
  /** A payload was not what it should be: see `DecodeError`. */
  | 'decode'
  /** The server said, within the stream, that there is no answer. */
  | 'server'
  /** The WebAssembly module broke down; the next `connect` loads a fresh one. */
  | 'trap';

/** What a `TidewireError` is made from, beside its message. */
export interface TidewireErrorFields {
  readonly code: ErrorCode;
  readonly status?: number | undefined;
  readonly body?: string | undefined;
  readonly url?: string | undefined;
  readonly cause?: unknown;
}

/** Why a stream, or one attempt at it, failed. */
export class TidewireError extends Error {
  /** What kind of failure it was, for programs. */
  declare readonly code: ErrorCode;
  /** The HTTP status, where there was an answer. */
  declare readonly status?: number;
  /** The start of the body of an answer that was refused. */
  declare readonly body?: string;
  /** What was asked, without its query: that may hold a token. */
  declare readonly url?: string;

  constructor(message: string, fields: TidewireErrorFields) {
    // It takes the cause, if there is one.
    super(message, fields);
    Object.assign(this, { name: 'TidewireError' }, fields);
  }
}

/** What a `DecodeError` knows, beside its message. */
export type DecodeErrorDetails = Partial<
  Pick<DecodeError, 'position' | 'path' | 'expected' | 'found' | 'cause'>
>;

/** A payload that is not what its profile says. */
export class DecodeError extends TidewireError {
  /** The event's name on the wire. */
  declare readonly event: string;
  /** Where in the event's data it stops being JSON, in UTF-16 units from 0; absent if it is JSON of the wrong shape. */
  declare readonly position?: number;
  /** With `validate`: where in the event's data it is of the wrong shape, `$.choices[0].delta` say (RFC 9535). */
  declare readonly path?: string;
  /** With `validate`: what should stand there. */
  declare readonly expected?: string;
  /** With `validate`: what stands there, or the start of it. */
  declare readonly found?: string;

  constructor(message: string, event: string, details?: DecodeErrorDetails) {
    super(message, { code: 'decode', ...details });
    Object.assign(this, { name: 'DecodeError', event });
  }
}
