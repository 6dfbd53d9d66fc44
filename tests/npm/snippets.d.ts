/** What the code in the documentation takes for granted: parts of its reader's application. */

declare function show(...what: unknown[]): void;
declare function refetch(): void;
declare function signIn(): void;
declare function save(data: unknown): Promise<void>;
declare function fetchToken(options?: unknown): Promise<string>;
declare function freshToken(reason: string): Promise<string>;
declare const token: string;

declare module '*?url' {
  const url: string;
  export default url;
}
declare module '*?module' {
  const module: WebAssembly.Module;
  export default module;
}
declare module 'tidewire/tidewire.wasm' {
  const url: string;
  export default url;
}
