import type { Run, WaitsFor } from '../api/shapes.ts';
import { approvalPath } from '../routes.ts';
import { afterColon } from '../text.ts';
import { Icon } from './icon.tsx';
import { Said } from './said.tsx';
import { Deadline } from './when.tsx';

const verbs = { approval: 'Approve', answer: 'Answer', parked: 'Decide' };

/** What waits for somebody to decide, above all else. */
export function NeedsYou({ waits }: { waits: readonly (WaitsFor & { run: string })[] }) {
  if (waits.length === 0) return null;
  return (
    <ul class="needs-you" aria-label="Waits for a person">
      {waits.map(({ id, kind, summary, whoMay, until, run }) => (
        <li key={id}>
          <Icon name="hand" />
          <div class="what">
            <strong>{verbs[kind]}:</strong> <Said text={afterColon(summary)} />
          </div>
          <Deadline at={until} />
          <a
            class="button"
            href={kind === 'approval' ? approvalPath(id) : approvalPath(`${kind}/${id}`, { run })}
          >
            Look
          </a>
          <p class="who">
            <Said text={whoMay} />
          </p>
        </li>
      ))}
    </ul>
  );
}

/** What a run waits for without asking anybody, and until when. */
export const WaitsByItself = ({ waiting }: { waiting: NonNullable<Run['waiting']> }) => (
  <>
    waits for <Said text={waiting.for} />
    {waiting.until && (
      <>
        , <Deadline at={waiting.until} />
      </>
    )}
  </>
);
