import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ActionState, Do, useAction, WhyNot } from './action.tsx';
import { About, Dialog } from './dialog.tsx';
import { Reason } from './reason.tsx';
import { Copy } from './said.tsx';

/** One field, and what is said while nothing is written into it. */
export interface Words {
  label: string;
  missing: string;
  isLong?: boolean;
}

/** The reason of a change. `label` says who will read it. */
export const reasonFor = (label: string): Words => ({ label, missing: 'Say why first.' });

/** Asks once more before one thing is done: what it is done to comes first, then what has to be said for it, then the button. */
export function AskFirst<Answer>({
  title,
  about,
  words,
  children,
  verb,
  look = 'danger',
  can,
  send,
  said,
  command,
  onClose,
}: {
  title: string;
  about: ComponentChildren;
  /** Left out: nothing has to be said for it. */
  words?: Words | undefined;
  /** What else is chosen, between the two. */
  children?: ComponentChildren;
  verb: string;
  look?: 'primary' | 'danger';
  can?: true | string | undefined;
  send: (text: string) => Promise<Answer>;
  said: (answer: Answer) => string;
  /** The same in a shell. */
  command: (text: string) => string;
  onClose: () => void;
}) {
  const action = useAction();
  const [written, setWritten] = useState('');
  const text = written.trim();
  const possible = typeof can === 'string' ? can : words && text === '' ? words.missing : true;
  return (
    <Dialog title={title} onClose={onClose}>
      <About>{about}</About>
      {children}
      {words &&
        (words.isLong ? (
          <label class="field">
            <span>{words.label}</span>
            <textarea
              value={written}
              maxLength={1_000}
              onInput={(event) => setWritten(event.currentTarget.value)}
            />
          </label>
        ) : (
          <Reason label={words.label} value={written} onWrite={setWritten} />
        ))}
      <div class="buttons">
        <Do
          look={look}
          can={possible}
          isBusy={action.isSent}
          onClick={() => void action.run(() => send(text), said)}
        >
          {verb}
        </Do>
        <Copy text={command(text || '…')} label="Copy as baton command" isWord />
      </div>
      <WhyNot can={possible} />
      <ActionState action={action} />
    </Dialog>
  );
}
