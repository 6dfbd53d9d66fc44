/** An event handler IDL attribute, `onmessage` say: one listener, whose place stays while its handler changes. */

export class HandlerAttribute {
  #handler: object | null = null;
  readonly #listener = (event: Event) => {
    // An object that cannot be called may be set, and does nothing.
    if (typeof this.#handler === 'function') {
      const answer: unknown = this.#handler.call(event.currentTarget, event);
      if (answer === false) {
        event.preventDefault();
      }
    }
  };
  readonly #activate: (listener: (event: Event) => void) => void;
  readonly #deactivate: (listener: (event: Event) => void) => void;

  constructor(
    activate: (listener: (event: Event) => void) => void,
    deactivate: (listener: (event: Event) => void) => void,
  ) {
    this.#activate = activate;
    this.#deactivate = deactivate;
  }

  get value(): object | null {
    return this.#handler;
  }

  set value(given: unknown) {
    const isHandler = typeof given === 'function' || (typeof given === 'object' && given !== null);
    const before = this.#handler;
    this.#handler = isHandler ? given : null;
    if (before === null && isHandler) {
      this.#activate(this.#listener);
    } else if (before !== null && !isHandler) {
      this.#deactivate(this.#listener);
    }
  }
}
