/** `connect`, whatever the WebAssembly module comes from. */

import type { LoadCore } from './core.js';
import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { LiveStream } from './live-stream.js';
import { type ConnectOptions, settings } from './options.js';
import type { AnyProfile } from './profile.js';
import type { Connected } from './stream.js';

export function connectWith<
  P extends AnyProfile,
  Mode extends Parse | undefined,
  Category extends CategoryName<P> | AnyName,
  Type extends TypeName<P> | AnyName,
>(
  load: LoadCore,
  url: string | URL,
  options: ConnectOptions<P, Mode, Category, Type> | undefined,
): Connected<P, Mode, Category, Type> {
  const stream = new LiveStream(settings(url, options as ConnectOptions | undefined), load);
  // The class knows events of any profile; the types of this one are for the checker alone.
  return stream as unknown as Connected<P, Mode, Category, Type>;
}
