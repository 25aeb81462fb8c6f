import type { ComponentChildren } from 'preact';
import type { ListedApproval, ListedQuestion } from '../api/shapes.ts';
import { visible } from '../text.ts';
import { IncidentLink, RunLink } from './links.tsx';
import { Status } from './status.tsx';
import { Deadline } from './when.tsx';

/** What a run asks of people: about which incident, and how long there is to answer. */
export function AskedPanel({
  asked: { summary, state, expiresAt, subject, runId },
  title,
  children,
}: {
  asked: ListedApproval | ListedQuestion;
  title: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <article class="panel approval" aria-label={visible(summary)}>
      <header>
        <h2>{title}</h2>
        {state === 'pending' ? <Deadline at={expiresAt} /> : <Status state={state} />}
      </header>
      <div class="body stack">
        <p class="facts">
          {subject !== undefined && (
            <span>
              incident <IncidentLink id={subject} />
            </span>
          )}
          <span>
            run <RunLink id={runId} />
          </span>
        </p>
        {children}
      </div>
    </article>
  );
}
