import { change } from '../api/ask.ts';
import { useQuery } from '../api/query.ts';
import type { Line, Page } from '../api/shapes.ts';
import { choose, query } from '../navigation.ts';
import { ActionState, Do, useAction } from '../parts/action.tsx';
import { More } from '../parts/more.tsx';
import { Code, Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { When } from '../parts/when.tsx';
import { address, incidentPath } from '../routes.ts';
import { counted, inShell, pretty } from '../text.ts';
import { useTitle } from '../title.ts';

const fields = ['subject', 'actor', 'action', 'target', 'from', 'to'] as const;
const examples: Record<(typeof fields)[number], string> = {
  subject: 'incident id',
  actor: 'person:…, trigger:…',
  action: 'run.started',
  target: 'ec2:i-…',
  from: '2026-11-21T03:00:00Z',
  to: '2026-11-21T04:00:00Z',
};

interface Verified {
  ok: boolean;
  rows?: number;
  pending?: number;
  seq?: number;
  reason?: string;
}

export function RecordPage() {
  useTitle('Record');
  const { value: asked } = query;
  const filter = Object.fromEntries(fields.map((name) => [name, asked.get(name) ?? undefined]));
  const list = useQuery<Page<Line>>(
    address('/record', { ...filter, limit: 100, cursor: asked.get('cursor') ?? undefined }),
  );
  const verifying = useAction();
  const search = (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    choose({
      ...Object.fromEntries(fields.map((name) => [name, String(form.get(name) ?? '').trim()])),
      cursor: undefined,
    });
  };
  const flags = fields
    .flatMap((name) =>
      filter[name] ? [`--${name === 'subject' ? 'incident' : name} ${inShell(filter[name])}`] : [],
    )
    .join(' ');
  return (
    <article class="stack">
      <div class="page-head">
        <h1>Record</h1>
        <div class="buttons">
          <Do
            isBusy={verifying.state.value.is === 'sending'}
            onClick={() =>
              void verifying.run(
                () => change<Verified>('/record/verify'),
                ({ ok, rows, seq, reason, pending }) =>
                  ok
                    ? `Every link holds: ${counted(rows ?? 0, 'line')}${pending ? `, ${pending} wait to be linked` : ''}`
                    : `Line ${seq} is not what was linked: ${reason}`,
              )
            }
          >
            Verify all of it
          </Do>
          <a
            class="button"
            href={`/api/v1${address('/record/export', { limit: 200 })}`}
            target="_blank"
            rel="noopener"
          >
            Export
          </a>
          <Copy text={`npx baton record search ${flags}`.trim()} label="Copy as baton command" isWord />
        </div>
      </div>
      <ActionState action={verifying} />
      <form class="search" onSubmit={search} key={JSON.stringify(filter)}>
        {fields.map((name) => (
          <label key={name} class="field">
            <span>{name}</span>
            <input type="text" name={name} defaultValue={filter[name] ?? ''} placeholder={examples[name]} />
          </label>
        ))}
        <button type="submit" class="button primary">
          Search
        </button>
        {flags !== '' && (
          <a class="button" href="/record">
            All lines
          </a>
        )}
      </form>
      <Shown query={list} rows={12} what="the record">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="search" title="No line like this">
              <p>A line shows here once it is linked, which takes a moment.</p>
            </Empty>
          ) : (
            <>
              <ol class="lines" aria-label={`${counted(items.length, 'line')}, newest first`}>
                {items.map((line) => (
                  <li key={line.seq}>
                    <details>
                      <summary data-row>
                        <span class="soft mono">{line.seq}</span>
                        <When at={line.at} only="absolute" />
                        <strong>{line.action}</strong>
                        <Said text={line.actor} />
                        <Said text={line.subject} class="soft" />
                        <span class="soft">by {line.via}</span>
                      </summary>
                      {/^[A-Z0-9]{10,}$/.test(line.subject) && (
                        <a href={incidentPath(line.subject)}>The incident</a>
                      )}
                      <Code text={pretty(line)} label={`line ${line.seq}`} />
                    </details>
                  </li>
                ))}
              </ol>
              <More next={next} count={100} />
            </>
          )
        }
      </Shown>
    </article>
  );
}
