import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../api/ask.ts';
import { liveState } from '../api/live.ts';
import type { Query } from '../api/query.ts';
import { Icon } from './icon.tsx';
import { Copy } from './said.tsx';
import { When } from './when.tsx';

/** An answer as soon as it is there; before that its room, and instead of it why it is not. */
export function Shown<Answer>({
  query,
  rows = 6,
  what,
  isPage = false,
  children,
}: {
  query: Query<Answer>;
  /** How much room it will take. */
  rows?: number;
  /** What is read: `the incidents`. */
  what: string;
  /** It is all of the page, and so has its heading. */
  isPage?: boolean;
  children: (answer: Answer) => ComponentChildren;
}) {
  const { value } = query.data;
  const problem = query.problem.value;
  if (value === undefined)
    return problem ? (
      <Failed problem={problem} what={what} query={query} isPage={isPage} />
    ) : (
      <Room rows={rows} what={what} isPage={isPage} />
    );
  return (
    <>
      {problem && <Stale problem={problem} at={query.at.value} />}
      {children(value)}
    </>
  );
}

/** Grey bars of the size that the answer will have, once it is worth showing that somebody waits. */
function Room({ rows, what, isPage }: { rows: number; what: string; isPage: boolean }) {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSeen(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`room ${isSeen ? 'seen' : ''}`} aria-busy="true">
      {isPage ? <h1 class="hidden-text">Reading {what}</h1> : <span class="hidden-text">Reading {what}</span>}
      {Array.from({ length: rows }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  );
}

/** Why there is no answer: not allowed, not there, or a fault, each with what to do next. */
function Failed({
  problem,
  what,
  query,
  isPage,
}: {
  problem: Problem;
  what: string;
  query: Query<unknown>;
  isPage: boolean;
}) {
  const isDenied = problem.status === 403;
  const isGone = problem.status === 404;
  const title = isDenied ? 'Not allowed' : isGone ? 'Not there' : `Could not read ${what}`;
  return (
    <Empty
      icon={isDenied ? 'lock' : isGone ? 'question' : 'alert'}
      title={title}
      role="alert"
      isPage={isPage}
    >
      <p>{problem.message}</p>
      {problem.requestId && (
        <p class="soft small">
          Request <code>{problem.requestId}</code> stands in the log under this id.
          <Copy text={problem.requestId} label="Copy the request id" />
        </p>
      )}
      {!isDenied && (
        <p>
          <button type="button" class="button" onClick={() => query.reload()}>
            Try again
          </button>
        </p>
      )}
    </Empty>
  );
}

/** What is shown is older than it should be. */
function Stale({ problem, at }: { problem: Problem; at: number | undefined }) {
  if (liveState.value !== 'live' && problem.status === 0) return null;
  return (
    <p class="stale" role="status">
      <Icon name="alert" size={14} /> As of {at === undefined ? 'before' : <When at={at} only="absolute" />}.{' '}
      {problem.message}
    </p>
  );
}

/** Nothing is there, which is said only once that is known, with what to do next. */
export function Empty({
  icon = 'check',
  title,
  children,
  role,
  isPage = false,
}: {
  icon?: Parameters<typeof Icon>[0]['name'];
  title: string;
  children?: ComponentChildren;
  role?: 'alert';
  isPage?: boolean;
}) {
  return (
    <div class="empty" role={role}>
      <Icon name={icon} size={20} />
      <div class="stack-small">
        {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
        {children}
      </div>
    </div>
  );
}
