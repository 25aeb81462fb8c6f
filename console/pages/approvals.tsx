import { useQuery } from '../api/query.ts';
import type { ListedApproval, ListedQuestion, Page } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { Chips } from '../parts/chips.tsx';
import { Icon } from '../parts/icon.tsx';
import { Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Status } from '../parts/status.tsx';
import { Deadline, When } from '../parts/when.tsx';
import { approvalPath } from '../routes.ts';
import { counted } from '../text.ts';
import { useTitle } from '../title.ts';
import { ApprovalPart } from './approval.tsx';
import { QuestionPart } from './question.tsx';

interface Item {
  id: string;
  path: string;
  summary: string;
  subject?: string | undefined;
  state: string;
  until: string;
  closedAt?: string | undefined;
  isMine: boolean;
  kind: 'approval' | 'parked' | 'answer';
}

const ofApproval = (approval: ListedApproval): Item => ({
  id: approval.id,
  path: approval.id,
  summary: approval.summary,
  subject: approval.subject,
  state: approval.state,
  until: approval.expiresAt,
  closedAt: approval.closedAt,
  // Where the server does not say, it may be anybody's.
  isMine: approval.can?.approve === undefined || approval.can.approve === true,
  kind: 'approval',
});

const ofQuestion = (question: ListedQuestion): Item => {
  const kind = question.isParked ? 'parked' : 'answer';
  return {
    id: question.id,
    path: `${kind}/${question.id}`,
    summary: question.summary,
    subject: question.subject,
    state: question.state,
    until: question.expiresAt,
    closedAt: question.closedAt,
    isMine: question.can?.answer === true,
    kind,
  };
};

const touchesAsked = ({ action }: { action: string }) => /^(approval|question)\./.test(action);

export function ApprovalsPage({ id }: { id: string }) {
  useTitle('Approvals');
  const approvals = useQuery<Page<ListedApproval>>('/approvals?state=pending&limit=100', touchesAsked);
  const questions = useQuery<Page<ListedQuestion>>('/questions?state=pending&limit=100', touchesAsked);
  return (
    <>
      <h1>Approvals</h1>
      <Shown query={approvals} rows={6} what="the approvals">
        {({ items }) => (
          <Shown query={questions} rows={6} what="the questions">
            {({ items: asked }) => (
              <Waiting waiting={[...items.map(ofApproval), ...asked.map(ofQuestion)]} id={id} />
            )}
          </Shown>
        )}
      </Shown>
    </>
  );
}

function Waiting({ waiting, id }: { waiting: readonly Item[]; id: string }) {
  const tab = query.value.get('tab') ?? (id === '' ? 'mine' : 'all');
  const own = waiting.filter(({ isMine, kind }) => isMine && kind !== 'parked');
  const others = waiting.filter(({ isMine, kind }) => !isMine && kind !== 'parked');
  const parked = waiting.filter(({ kind }) => kind === 'parked');
  return (
    <>
      <div class="filters">
        <Chips
          label="Which"
          value={tab}
          options={[
            ['mine', 'For me', own.length],
            ['others', 'For others', others.length],
            ['parked', 'Parked', parked.length],
            ['all', 'All that wait', waiting.length],
            ['decided', 'Decided'],
          ]}
          onChoose={(value) => choose({ tab: value })}
        />
      </div>
      <div class="two approvals">
        {tab === 'decided' ? (
          <Decided id={id} />
        ) : (
          <ListPart
            list={{ mine: own, others, parked }[tab] ?? waiting}
            id={id}
            tab={tab}
            total={waiting.length}
          />
        )}
        {id !== '' && <Detail id={id} key={id} />}
      </div>
    </>
  );
}

function Decided({ id }: { id: string }) {
  const past = useQuery<Page<ListedApproval>>('/approvals?state=any&limit=100', touchesAsked);
  return (
    <Shown query={past} rows={6} what="what was decided">
      {({ items }) => (
        <ListPart
          list={items.filter(({ state }) => state !== 'pending').map(ofApproval)}
          id={id}
          tab="decided"
          total={0}
        />
      )}
    </Shown>
  );
}

function Detail({ id }: { id: string }) {
  const [kind, question] = id.split('/');
  return question !== undefined && (kind === 'parked' || kind === 'answer') ? (
    <QuestionPart id={question} />
  ) : (
    <ApprovalPart id={id} />
  );
}

function ListPart({
  list,
  id,
  tab,
  total,
}: {
  list: readonly Item[];
  id: string;
  tab: string;
  total: number;
}) {
  if (list.length === 0)
    return (
      <Empty
        title={
          tab === 'decided'
            ? 'Nothing was decided yet'
            : tab === 'mine'
              ? 'Nothing waits for you'
              : 'Nothing waits here'
        }
      >
        <p>
          {tab === 'mine' && total > 0
            ? `${counted(total, 'question waits', 'questions wait')} for others, or because a step is parked.`
            : 'What a run asks shows here as soon as it asks. Each run says what it waits for.'}
        </p>
      </Empty>
    );
  return (
    <ul class="pick" aria-label="What waits">
      {list.map((item) => (
        <li key={item.path}>
          <a
            href={approvalPath(item.path, { tab })}
            data-row
            aria-current={item.path === id ? 'true' : undefined}
          >
            <span class="what">
              <Icon
                name={item.kind === 'parked' ? 'pause' : item.kind === 'answer' ? 'question' : 'hand'}
                size={14}
              />
              <Said text={item.summary} />
            </span>
            <span class="soft small spread">
              <span class="mono">
                <Said text={item.subject} />
              </span>
              {item.state === 'pending' ? (
                <Deadline at={item.until} />
              ) : item.closedAt ? (
                <When at={item.closedAt} only="relative" />
              ) : null}
            </span>
            {item.state !== 'pending' && <Status state={item.state} />}
          </a>
        </li>
      ))}
    </ul>
  );
}
