import { change } from '../api/ask.ts';
import { refresh } from '../api/query.ts';
import { type Action, ActionState, Do, useAction } from '../parts/action.tsx';
import { Copy, Said } from '../parts/said.tsx';
import { Status } from '../parts/status.tsx';
import { inPath } from '../routes.ts';
import { can } from '../session.ts';
import { inShell } from '../text.ts';

interface Tested {
  outcome: string;
  reason: string;
}

/** Proves a connection, and shows what came of that. `title`: what the button tests. */
export function TestConnection({
  connection,
  provider,
  title,
}: {
  connection: string;
  provider: string;
  title: string;
}) {
  const action = useAction();
  const isSending = action.state.value.is === 'sending';
  return (
    <>
      <div class="buttons">
        <Do
          can={can('connections.test')}
          isBusy={isSending}
          onClick={() =>
            void action.run(
              () =>
                change<Tested>(`/connections/${inPath(connection)}/test`, { provider }).finally(() =>
                  refresh('/connections', '/doctor'),
                ),
              (answer) => `${answer.outcome}: ${answer.reason}`,
            )
          }
        >
          {isSending ? 'Testing…' : `Test ${title}`}
        </Do>
        <Copy
          text={`npx baton connections test ${inShell(connection)} --provider ${inShell(provider)}`}
          label="Copy as baton command"
        />
      </div>
      <TestState action={action} />
    </>
  );
}

/** A test that was carried out has not for that gone well: its outcome says. */
function TestState({ action }: { action: Action }) {
  const state = action.state.value;
  if (state.is !== 'done') return <ActionState action={action} />;
  const outcome = state.said.slice(0, state.said.indexOf(':'));
  return (
    <p class="cluster">
      <Status state={outcome.replace(/, not confirmed$/, '')} />{' '}
      <Said text={state.said.slice(outcome.length + 2)} />
    </p>
  );
}
