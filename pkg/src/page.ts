/** The life of the page, or of the worker, that a connection is on. */

/** Whether there is a document, and nobody sees it. */
export function isHidden(): boolean {
  return globalThis.document?.visibilityState === 'hidden';
}

/**
 * Tells what a connection has to know, as the module's `page` has it. Answers how to stop that.
 * Workers and Node.js lack some or all of it, and are never put away.
 */
export function watchPage(pauseWhenHidden: boolean, tell: (event: number) => void): () => void {
  const onEvent = (event: Event) => {
    const { type, persisted } = event as PageTransitionEvent;
    const unseen = pauseWhenHidden && isHidden();
    if (type === 'online') {
      tell(0);
    } else if (type === 'freeze' || (type === 'pagehide' && persisted)) {
      // It goes into the back/forward cache, or is frozen.
      tell(1);
    } else if (type === 'visibilitychange' && isHidden()) {
      if (unseen) tell(1);
    } else if (type !== 'pagehide' && (type !== 'pageshow' || persisted) && !unseen) {
      tell(2);
    }
  };
  const places: [EventTarget | undefined, string[]][] = [
    [globalThis as unknown as EventTarget, ['online', 'pagehide', 'pageshow']],
    [globalThis.document, ['visibilitychange', 'freeze', 'resume']],
  ];
  const both = (change: 'addEventListener' | 'removeEventListener') => {
    for (const [place, names] of places) {
      names.forEach((name) => place?.[change]?.(name, onEvent));
    }
  };
  both('addEventListener');
  return () => both('removeEventListener');
}
