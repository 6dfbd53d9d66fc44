/** The MIME type of a response, by the Fetch standard. */

const ESSENCE = /^[\t\n\r ]*([!#$%&'*+\-.^_`|~\w]+\/[!#$%&'*+\-.^_`|~\w]+)[\t\n\r ]*(?:;|$)/;

/** "Extract a MIME type" of the values of `Content-Type`, joined by commas; its essence in lower case. */
export function essence(contentType: string): string | undefined {
  let last: string | undefined;
  // A comma within quotes belongs to a parameter.
  for (const value of contentType.match(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g) ?? []) {
    const found = ESSENCE.exec(value)?.[1]?.toLowerCase();
    if (found !== undefined && found !== '*/*') {
      last = found;
    }
  }
  return last;
}
