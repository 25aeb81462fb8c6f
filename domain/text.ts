/** What shows nothing: control characters, and those that turn the direction of what follows, so that a text can look like another one. */
const unseen = /[^\P{Cc}\n\t]|[\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** The text without them, and without half a character. */
export const visible = (text: string) => text.toWellFormed().replace(unseen, '');

/** The text in one line, so that it cannot look like a line of its own. */
export const oneLine = (text: string) => visible(text.replace(/\s+/g, ' ')).trim();
