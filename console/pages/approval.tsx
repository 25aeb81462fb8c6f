import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Approval, Call } from '../api/shapes.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { AskedPanel } from '../parts/asked.tsx';
import { About, Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Reason } from '../parts/reason.tsx';
import { Code, Copy, Said } from '../parts/said.tsx';
import { Shown } from '../parts/shown.tsx';
import { When } from '../parts/when.tsx';
import { inPath } from '../routes.ts';
import { can } from '../session.ts';
import { afterColon, inShell, pretty, visible } from '../text.ts';

interface Decision {
  decision: string;
  state: string;
  missing: number;
  name: string;
  takenUp: boolean;
}

/** What is asked, to the letter, with who may answer it and the two answers. */
export function ApprovalPart({ id }: { id: string }) {
  const approval = useQuery<Approval>(`/approvals/${inPath(id)}`, ({ action }) =>
    action.startsWith('approval.'),
  );
  return (
    <div>
      <Shown query={approval} rows={8} what="the approval">
        {(answer) => <Whole approval={answer} />}
      </Shown>
    </div>
  );
}

function Whole({ approval }: { approval: Approval }) {
  const { summary, state, calls, expiresAt, answers, whoMay, approved, required, overridesGuards } = approval;
  const isPending = state === 'pending';
  return (
    <AskedPanel
      asked={approval}
      title={
        <>
          {isPending ? 'Approve: ' : ''}
          <Said text={isPending ? afterColon(summary) : summary} />
        </>
      }
    >
      {overridesGuards && (
        <p class="note amber">A guard holds these targets: whoever approves overrides it, and says why.</p>
      )}
      <section aria-labelledby="calls" class="stack-small">
        <h3 id="calls">Just these calls, and nothing else</h3>
        <ol class="calls">
          {calls.map((call, index) => (
            <CallItem key={call.digest} call={call} number={index + 1} />
          ))}
        </ol>
      </section>
      <dl class="pairs">
        <dt>Who may</dt>
        <dd>
          <Said text={whoMay} />
          {!approval.requesterMayApprove &&
            approval.requestedBy.length > 0 &&
            `, and not ${approval.requestedBy.join(' or ')}`}
        </dd>
        <dt>So far</dt>
        <dd>
          {approved} of {required}
          {answers.map((answer) => (
            <span key={answer.at} class="block small">
              {answer.decision} by <Said text={answer.name} />, <When at={answer.at} />, by {answer.via}
              {answer.reason && (
                <>
                  : <Said text={answer.reason} />
                </>
              )}
            </span>
          ))}
        </dd>
        {isPending ? (
          <>
            <dt>Else</dt>
            <dd>
              it expires <When at={expiresAt} />, nothing of it is done, and the run goes on without
            </dd>
          </>
        ) : (
          <>
            <dt>Ended</dt>
            <dd>
              {state} {approval.closedAt && <When at={approval.closedAt} />}{' '}
              <Said text={approval.closedBecause ?? ''} />
            </dd>
          </>
        )}
      </dl>
      {isPending && <Answer approval={approval} />}
    </AskedPanel>
  );
}

function CallItem({ call, number }: { call: Call; number: number }) {
  const { activity, connection, targets, summary, calls, before, after, inverse, dryRun, input } = call;
  return (
    <li class="call">
      <p>
        <span class="soft">{number}</span> <strong>{activity}</strong>
        {connection !== 'default' && <span class="soft"> by the connection {connection}</span>}
      </p>
      <p>
        <Said text={summary} />
      </p>
      <p class="mono targets">
        {targets.map((target) => (
          <span key={target}>
            <Said text={target} />
          </span>
        ))}
      </p>
      {calls.map((each) => (
        <Code key={each} text={each} label="the call to the provider" />
      ))}
      {dryRun && (
        <p class="small">
          <Icon
            name={
              dryRun.outcome === 'accepted' ? 'check' : dryRun.outcome === 'refused' ? 'cross' : 'question'
            }
            size={12}
          />{' '}
          Asked beforehand: <Said text={dryRun.said} />
        </p>
      )}
      <p class="small">
        <span class="soft">What takes it back: </span>
        <Said text={'none' in inverse ? inverse.none : inverse.activity} />
      </p>
      {(before !== undefined || after !== undefined) && (
        <details class="fold">
          <summary>Seen just before{after === undefined ? '' : ', and what it will be'}</summary>
          <Code text={pretty(after === undefined ? before : { before, after })} label="the state before" />
        </details>
      )}
      <details class="fold">
        <summary>The whole input</summary>
        <Code text={pretty(input)} label="the input" />
      </details>
    </li>
  );
}

function Answer({ approval }: { approval: Approval }) {
  const { id, summary, digest, calls, reasonRequired, overridesGuards } = approval;
  const action = useAction();
  const [reason, setReason] = useState('');
  const [isSure, setSure] = useState(false);
  const said = reason.trim();
  const right = can('approvals.decide');
  const may = approval.can?.approve ?? right;
  const mayRefuse = approval.can?.refuse ?? right;
  const { is } = action.state.value;
  const needsReason =
    (reasonRequired || overridesGuards) && said === '' ? 'Give the reason first: this one needs it.' : true;
  const send = (verb: 'approve' | 'refuse') =>
    action.run(
      () =>
        change<Decision>(`/approvals/${inPath(id)}/${verb}`, {
          digest,
          ...(said === '' ? {} : { reason: said }),
        }).finally(() => refresh('/approvals', '/me/')),
      ({ decision, name, missing, takenUp }) =>
        `${decision} by ${name}${missing > 0 ? `; ${missing} more have to approve` : takenUp ? ', and the run goes on' : '; the run learns of it soon'}`,
    );
  const command = (verb: string) =>
    `npx baton approvals ${verb} ${inShell(id)}${said === '' ? '' : ` --reason ${inShell(said)}`}`;
  return (
    <div class="answer stack-small">
      <Reason
        label="Reason, for those who read the record (needed to refuse)"
        value={reason}
        onWrite={setReason}
      />
      <div class="buttons">
        <Do
          can={
            mayRefuse === true
              ? said === ''
                ? 'Say why it is refused, in the field above.'
                : true
              : mayRefuse
          }
          isBusy={action.isSent}
          onClick={() => void send('refuse')}
        >
          Refuse
        </Do>
        <Do
          look="needs"
          can={may === true ? needsReason : may}
          isBusy={action.isSent}
          onClick={() => setSure(true)}
        >
          <span>
            Approve: <Said text={afterColon(summary)} />
          </span>
        </Do>
        <Copy text={command('approve')} label="Copy as baton command" isWord />
      </div>
      <WhyNot can={may} />
      <ActionState action={action} />
      {isSure && is !== 'done' && (
        <Dialog title="Approve" onClose={() => setSure(false)}>
          <About>
            <ul class="sure" aria-label="What is done">
              {calls.map((call) => (
                <li key={call.digest}>
                  <strong>{call.activity}</strong>{' '}
                  <span class="mono">{call.targets.map(visible).join(', ')}</span>
                </li>
              ))}
            </ul>
          </About>
          <p>
            It is done as soon as enough have approved.{' '}
            {calls.some(({ inverse }) => 'none' in inverse) && 'It cannot be taken back.'}
          </p>
          <div class="buttons">
            <button type="button" class="button" onClick={() => setSure(false)}>
              Not now
            </button>
            <Do
              look="needs"
              isBusy={action.isSent}
              onClick={() => {
                void send('approve').then(() => setSure(false));
              }}
            >
              {is === 'sending' ? (
                'Sending…'
              ) : (
                <span>
                  Approve: <Said text={afterColon(summary)} />
                </span>
              )}
            </Do>
          </div>
          <ActionState action={action} />
        </Dialog>
      )}
    </div>
  );
}
