/** A text without people, secrets in addresses, or what stands in incidents. */
export type Anonymous = (text: string) => string;

/** Long texts of others, such as logs, are told by their beginning. */
const mostCharacters = 400;

/** A name is looked for where it is long enough to be one. */
const shortestKnown = 3;

/**
 * Gives a function that leaves out who people are, and what stands in incidents: what is `known` (names, addresses, titles) in whatever case
 * it is written; every e-mail address, also as URLs write it; ids of people in Slack; telephone numbers; and of web addresses all behind the host.
 */
export function anonymous(known: readonly string[]): Anonymous {
  const values = [...new Set(known.map((each) => inOneLine(each).trim()))]
    .filter((each) => each.length >= shortestKnown)
    .sort((one, other) => other.length - one.length);
  const patternOf = (value: string) =>
    new RegExp(`(?<![\\p{L}\\p{N}])${escaped(value)}(?![\\p{L}\\p{N}])`, 'giu');
  // Before the addresses: a title that holds one would be known no more without it.
  const ofWords = values.filter((value) => value.includes(' ')).map(patternOf);
  const others = values.filter((value) => !value.includes(' ')).map(patternOf);
  return (text) => {
    let told = inOneLine(text);
    for (const pattern of ofWords) told = told.replaceAll(pattern, '…');
    told = told.replaceAll(webAddress, '$1$2/…').replaceAll(mail, '…@…');
    for (const pattern of others) told = told.replaceAll(pattern, '…');
    told = told.replaceAll(slackMember, '…').replaceAll(telephone, '…');
    return told.length <= mostCharacters ? told : `${told.slice(0, mostCharacters)}…`;
  };
}

const webAddress = /(\bhttps?:\/\/)(?:[^\s/@"'<>]*@)?([^\s/?#"'<>]+)[/?#][^\s"'<>]*/gi;
const mail = /[^\s@<>"'(),;:=/]+(?:@|%40)[^\s@<>"'(),;:=/]+/gi;
const slackMember = /\b[UW](?=[A-Z]*\d)[A-Z0-9]{8,}\b/g;
const telephone = /\+\d[\d ()/-]{6,}\d/g;

const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
