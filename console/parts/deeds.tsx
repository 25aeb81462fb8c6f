import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh } from '../api/query.ts';
import { inPath } from '../routes.ts';
import { inShell } from '../text.ts';
import { ActionState, Do, useAction, WhyNot } from './action.tsx';
import { About, Dialog } from './dialog.tsx';
import { Copy, Said } from './said.tsx';

export type Deed = 'acknowledge' | 'resolve' | 'note';

interface Answer {
  /** False: it was so already. */
  changed: boolean;
}

const words: Record<Deed, { verb: string; done: string }> = {
  acknowledge: { verb: 'Acknowledge', done: 'Acknowledged' },
  resolve: { verb: 'Resolve', done: 'Resolved' },
  note: { verb: 'Add the note', done: 'Added' },
};

const send = (deed: Deed, id: string, body: object = {}) =>
  change<Answer>(`/incidents/${inPath(id)}/${deed}`, body).finally(() => refresh('/incidents'));

const saidOf =
  (deed: Deed) =>
  ({ changed }: Answer) =>
    changed ? `${words[deed].done} in PagerDuty` : 'It was so already';

/** Acknowledges with one press: that harms nobody, and anybody can take it up again. */
export function DeedButton({ deed, id, can }: { deed: Deed; id: string; can: true | string | undefined }) {
  const action = useAction();
  const { is } = action.state.value;
  return (
    <span class="deed">
      <Do
        can={can}
        isBusy={is === 'sending' || is === 'done'}
        onClick={() => void action.run(() => send(deed, id), saidOf(deed))}
      >
        {is === 'sending' ? 'Sending…' : words[deed].verb}
        <span class="hidden-text"> {id}</span>
      </Do>
      {is === 'refused' && <ActionState action={action} />}
    </span>
  );
}

/** Asks once more, with what it is done to in sight. */
export function DeedDialog({
  deed,
  id,
  title,
  can,
  onClose,
}: {
  deed: Deed;
  id: string;
  title: string;
  can: true | string | undefined;
  onClose: () => void;
}) {
  const action = useAction();
  const [text, setText] = useState('');
  const { verb } = words[deed];
  const { is } = action.state.value;
  const body = deed === 'note' ? { text: text.trim() } : {};
  const isReady = deed !== 'note' || text.trim() !== '';
  const command = `npx baton incidents ${deed} ${inShell(id)}${deed === 'note' ? ` ${inShell(text.trim() || '…')}` : ''}`;
  return (
    <Dialog title={deed === 'note' ? 'Add a note' : `${verb} this incident`} onClose={onClose}>
      <About>
        <Said text={title} /> <span class="soft mono">{id}</span>
      </About>
      {deed === 'note' && (
        <label class="field">
          <span>The note, as PagerDuty shows it</span>
          <textarea value={text} maxLength={1_000} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
      )}
      <div class="buttons">
        <Do
          look="primary"
          can={can === undefined || can === true ? (isReady ? true : 'Write the note first.') : can}
          isBusy={is === 'sending' || is === 'done'}
          onClick={() => void action.run(() => send(deed, id, body), saidOf(deed))}
        >
          {verb}
        </Do>
        <Copy text={command} label="Copy as baton command" isWord />
      </div>
      <WhyNot can={can} />
      <ActionState action={action} />
    </Dialog>
  );
}
