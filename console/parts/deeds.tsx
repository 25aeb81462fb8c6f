import { change } from '../api/ask.ts';
import { refresh } from '../api/query.ts';
import { inPath } from '../routes.ts';
import { inShell } from '../text.ts';
import { ActionState, Do, useAction } from './action.tsx';
import { AskFirst } from './ask-first.tsx';
import { Said } from './said.tsx';

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
        isBusy={action.isSent}
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
  const { verb } = words[deed];
  const isNote = deed === 'note';
  return (
    <AskFirst
      title={isNote ? 'Add a note' : `${verb} this incident`}
      about={
        <>
          <Said text={title} /> <span class="soft mono">{id}</span>
        </>
      }
      words={
        isNote
          ? { label: 'The note, as PagerDuty shows it', missing: 'Write the note first.', isLong: true }
          : undefined
      }
      verb={verb}
      look="primary"
      can={can}
      send={(text) => send(deed, id, isNote ? { text } : {})}
      said={saidOf(deed)}
      command={(text) => `npx baton incidents ${deed} ${inShell(id)}${isNote ? ` ${inShell(text)}` : ''}`}
      onClose={onClose}
    />
  );
}
