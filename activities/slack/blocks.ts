import { oneLine } from '../../domain/text.ts';
import { cut, escapeSlack, linkTo } from './text.ts';

/** The parts of Block Kit that Baton uses, with their limits. https://docs.slack.dev/reference/block-kit/blocks */
export interface PlainText {
  type: 'plain_text';
  text: string;
  emoji: false;
}

export interface Mrkdwn {
  type: 'mrkdwn';
  text: string;
  /** Nothing in the text is turned into a link or a mention. */
  verbatim: true;
}

export interface Button {
  type: 'button';
  action_id: string;
  value: string;
  text: PlainText;
  style?: 'primary' | 'danger';
  confirm?: { title: PlainText; text: PlainText; confirm: PlainText; deny: PlainText };
}

/** A list from which one option is chosen, for more options than there is room for buttons. */
export interface Select {
  type: 'static_select';
  action_id: string;
  placeholder: PlainText;
  options: { value: string; text: PlainText }[];
  confirm?: Button['confirm'];
}

export type Block = (
  | { type: 'header'; text: PlainText }
  | { type: 'section'; text: PlainText | Mrkdwn }
  | { type: 'section'; fields: Mrkdwn[] }
  | { type: 'context'; elements: (PlainText | Mrkdwn)[] }
  | { type: 'actions'; elements: (Button | Select)[] }
) & {
  /** By which it is found again in a message. Slack gives one to a block that has none. */
  block_id?: string;
};

/** A message: its blocks, and the one line that notifications and screen readers take. */
export interface Body {
  text: string;
  blocks: Block[];
}

/** A text that has been escaped and cut. */
export const plain = (escaped: string): PlainText => ({ type: 'plain_text', text: escaped, emoji: false });

/** Our own markup around values that have been escaped and cut. */
export const markup = (text: string): Mrkdwn => ({ type: 'mrkdwn', text, verbatim: true });

/** A short text in one line. */
export const label = (text: string, max: number) => plain(cut(escapeSlack(oneLine(text)), max));

/** `chat.update` refuses a longer fallback text. */
const maxFallback = 4000;

/** The message with the attempt's mark, if there is one: that what it tells of has not really happened. */
export function marked({ text, blocks }: Body, mark: string | undefined): Body {
  const line: Block[] = mark === undefined ? [] : [{ type: 'context', elements: [plain(escapeSlack(mark))] }];
  return { text: cut(withMark(text, mark), maxFallback), blocks: [...line, ...blocks] };
}

/** The escaped text, begun with the mark: once, also where it was read with its mark. */
export const withMark = (text: string, mark: string | undefined) => {
  const begun = mark === undefined ? '' : `${escapeSlack(mark)} `;
  return text.startsWith(begun) ? text : `${begun}${text}`;
};

/** Slack documents no number for all blocks of a message, and refuses from some 13 000 characters of JSON. */
const maxTogether = 12_500;

/** Whether Slack takes these blocks in one message. */
export const fitTogether = (blocks: readonly Block[]) => JSON.stringify(blocks).length <= maxTogether;

const maxLinks = 10;
const maxLinksLength = 2000;

/** A line of links: the first ten, as long as they are not too long for a message together. */
export function linkLine(links: readonly { text: string; url: string }[]): Block[] {
  let room = maxLinksLength;
  const elements = links
    .slice(0, maxLinks)
    .map((link) => markup(linkTo(link)))
    .filter(({ text }) => {
      room -= text.length;
      return room >= 0;
    });
  return elements.length > 0 ? [{ type: 'context', elements }] : [];
}
