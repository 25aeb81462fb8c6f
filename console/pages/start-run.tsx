import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Run, Workflow } from '../api/shapes.ts';
import { fieldsOf, isReady, readFields, type Typed } from '../form.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { Chips } from '../parts/chips.tsx';
import { About, Dialog } from '../parts/dialog.tsx';
import { Fields } from '../parts/field.tsx';
import { RunLink } from '../parts/links.tsx';
import { Reason } from '../parts/reason.tsx';
import { Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { inShell } from '../text.ts';

/** The field that names an incident in the input of a workflow. */
const ofIncident = 'incidentId';

/** Starts a workflow by hand, or has it planned. `incident`: only what is about one can be chosen, and it is about this one. */
export function StartRunDialog({
  incident,
  onClose,
}: {
  incident?: { id: string; title: string };
  onClose: () => void;
}) {
  const list = useQuery<{ items: Workflow[] }>('/workflows', () => false);
  return (
    <Dialog title="Start a workflow by hand" onClose={onClose}>
      <About>
        {incident ? (
          <>
            About <Said text={incident.title} /> <span class="soft mono">{incident.id}</span>
          </>
        ) : (
          'What is chosen here runs as if a trigger had called for it. Guards, approvals and limits hold.'
        )}
      </About>
      <Shown query={list} rows={3} what="the workflows">
        {({ items }) => {
          const startable = items.filter(
            ({ input }) =>
              input !== undefined &&
              (incident === undefined || fieldsOf(input).some(({ name }) => name === ofIncident)),
          );
          return startable.length === 0 ? (
            <Empty icon="question" title="No workflow can be started by hand here">
              <p>
                <code>triggers/by-hand</code> declares those that can.
              </p>
            </Empty>
          ) : (
            <Start workflows={startable} incident={incident?.id} />
          );
        }}
      </Shown>
    </Dialog>
  );
}

type Mode = 'run' | 'plan';

function Start({ workflows, incident }: { workflows: readonly Workflow[]; incident: string | undefined }) {
  const action = useAction();
  const [name, setName] = useState('');
  const [typed, setTyped] = useState<Typed>({});
  const [mode, setMode] = useState<Mode>('run');
  const [reason, setReason] = useState('');
  const [run, setRun] = useState<string | undefined>();
  const chosen = workflows.find((each) => each.name === name);
  const fields = fieldsOf(chosen?.input);
  const all: Typed = incident === undefined ? typed : { ...typed, [ofIncident]: incident };
  const { values, problems } = readFields(fields, all);
  const may = chosen ? chosen.can?.[mode === 'plan' ? 'plan' : 'start'] : true;
  const ready = readiness();
  const send = async () => {
    const answer = await action.run(
      () =>
        change<{ run: Run; isNew: boolean }>('/runs', {
          workflow: name,
          input: values,
          plan: mode === 'plan',
          reason: reason.trim(),
        }).finally(() => refresh('/runs', '/incidents')),
      () => (mode === 'plan' ? 'It is being planned' : 'It is started'),
    );
    setRun(answer?.run.id);
  };
  return (
    <>
      <label class="field">
        <span>Workflow</span>
        <select
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
            setTyped({});
          }}
        >
          <option value="">–</option>
          {workflows.map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </select>
      </label>
      {chosen && (
        <p class="soft">
          <Said text={chosen.summary} />
          {chosen.kind === 'destructive' && '. It may do what cannot be taken back.'}
        </p>
      )}
      <Fields
        fields={incident === undefined ? fields : fields.filter((field) => field.name !== ofIncident)}
        typed={typed}
        problems={problems}
        onType={setTyped}
      />
      <Chips<Mode>
        label="Mode"
        value={mode}
        options={[
          ['run', 'For real'],
          ['plan', 'Plan: changes nothing'],
        ]}
        onChoose={setMode}
      />
      <Reason label="Reason, for those who read the record" value={reason} onWrite={setReason} />
      <div class="buttons">
        <Do
          look={mode === 'run' && chosen?.kind === 'destructive' ? 'danger' : 'primary'}
          can={ready}
          isBusy={action.isSent}
          onClick={() => void send()}
        >
          {mode === 'plan' ? 'Plan' : 'Start'} {name || 'the workflow'}
        </Do>
        <Copy text={command()} label="Copy as baton command" isWord />
      </div>
      <WhyNot can={ready} />
      <ActionState action={action} />
      {run !== undefined && (
        <p>
          See <RunLink id={run} />
        </p>
      )}
    </>
  );

  function readiness(): true | string {
    if (!chosen) return 'Choose a workflow first.';
    if (typeof may === 'string') return may;
    const isFilled = isReady(fields, problems);
    if (isFilled !== true) return isFilled;
    return reason.trim() === '' ? 'Say why first.' : true;
  }

  function command(): string {
    const input = Object.entries(values).map(([field, value]) =>
      inShell(`${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
    );
    const words = [mode === 'plan' ? 'plan' : 'runs start', name || '…', ...input];
    if (mode === 'run') words.push('--reason', inShell(reason.trim() || '…'));
    return `npx baton ${words.join(' ')}`;
  }
}
