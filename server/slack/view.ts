import { visible } from '../../domain/text.ts';

/** The parts of a modal that Baton's forms are made of, with their limits. https://docs.slack.dev/reference/views/modal-views */
export interface Modal {
  type: 'modal';
  callback_id: string;
  title: PlainText;
  submit?: PlainText;
  close: PlainText;
  private_metadata: string;
  blocks: ViewBlock[];
}

interface PlainText {
  type: 'plain_text';
  text: string;
  emoji: false;
}

interface Option {
  text: PlainText;
  value: string;
}

export type ViewBlock =
  | { type: 'section'; text: PlainText }
  | {
      type: 'input';
      block_id: string;
      optional: boolean;
      label: PlainText;
      hint?: PlainText;
      element:
        | {
            type: 'plain_text_input';
            action_id: 'value';
            multiline: boolean;
            max_length: number;
            initial_value?: string;
          }
        | {
            type: 'static_select';
            action_id: 'value';
            options: Option[];
            initial_option?: Option;
          };
    };

/** What one field of a form takes. */
export interface Field {
  name: string;
  label: string;
  optional?: boolean;
  hint?: string | undefined;
  multiline?: boolean;
  /** What stands in it at first. */
  value?: string | undefined;
  /** Characters; 3 000 where left out. */
  most?: number | undefined;
  /** One of these; any text where left out. */
  choices?: readonly string[] | undefined;
}

const maxTitle = 24;
const maxLabel = 2_000;
const maxInput = 3_000;
const maxChoice = 75;
const maxChoices = 100;

const plain = (text: string, max: number): PlainText => {
  const letters = [...(visible(text).trim() || '…')];
  return {
    type: 'plain_text',
    text: letters.length > max ? `${letters.slice(0, max - 1).join('')}…` : letters.join(''),
    emoji: false,
  };
};

/** A modal. `metadata` comes back with what is filled in; it gives no right to anything. */
export function modal({
  callbackId,
  title,
  submit,
  metadata,
  intro,
  fields,
}: {
  callbackId: string;
  title: string;
  submit: string;
  metadata: object;
  intro?: string | undefined;
  fields: readonly Field[];
}): Modal {
  return {
    type: 'modal',
    callback_id: callbackId,
    title: plain(title, maxTitle),
    submit: plain(submit, maxTitle),
    close: plain('Cancel', maxTitle),
    private_metadata: JSON.stringify(metadata),
    blocks: [
      ...(intro ? [{ type: 'section' as const, text: plain(intro, maxLabel) }] : []),
      ...fields.map(inputOf),
    ],
  };
}

/** A modal that tells something and asks for nothing. */
export const notice = (title: string, text: string): Modal => ({
  type: 'modal',
  callback_id: 'baton_notice',
  title: plain(title, maxTitle),
  close: plain('Close', maxTitle),
  private_metadata: '',
  blocks: [{ type: 'section', text: plain(text, maxLabel) }],
});

function inputOf({
  name,
  label,
  optional = false,
  hint,
  multiline = false,
  value,
  most = maxInput,
  choices,
}: Field): ViewBlock {
  const options = choices
    ?.filter((choice) => choice.length <= maxChoice)
    .slice(0, maxChoices)
    .map((choice): Option => ({ text: plain(choice, maxChoice), value: choice }));
  const initial = options?.find((option) => option.value === value);
  return {
    type: 'input',
    block_id: name,
    optional,
    label: plain(label, maxLabel),
    ...(hint ? { hint: plain(hint, maxLabel) } : {}),
    element:
      options && options.length > 0
        ? {
            type: 'static_select',
            action_id: 'value',
            options,
            ...(initial ? { initial_option: initial } : {}),
          }
        : {
            type: 'plain_text_input',
            action_id: 'value',
            multiline,
            max_length: most,
            ...(value ? { initial_value: value.slice(0, most) } : {}),
          },
  };
}
