/** Longest name that a message or log line shows, in characters. */
const MAX_SHOWN = 200;

/** What moves a terminal's cursor, ends a line, or turns the direction of the text. */
const NOT_PRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gv;

/**
 * A name that another program wrote, as messages and log lines show it: on one line, cut if it is long. Such as the
 * name of a task or the id of a job in the store, of which nobody has checked what is in it.
 */
export function printable(name: string): string {
  const shown = name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}...` : name;
  return shown.replaceAll(NOT_PRINTABLE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
