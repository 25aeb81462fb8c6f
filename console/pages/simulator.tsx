import { useState } from 'preact/hooks';
import { change } from '../api/ask.ts';
import { refresh, useQuery } from '../api/query.ts';
import type { Line, Page, Simulator } from '../api/shapes.ts';
import { ActionState, Do, useAction, WhyNot } from '../parts/action.tsx';
import { Chips } from '../parts/chips.tsx';
import { IncidentLink } from '../parts/links.tsx';
import { Copy, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { inPath } from '../routes.ts';
import { can } from '../session.ts';
import { actorName, counted, inShell } from '../text.ts';
import { useTitle } from '../title.ts';

/** What can be played in the simulated providers, and what came of it: what they have changed beside what the record says. */
export function SimulatorPage() {
  useTitle('Simulator');
  const may = can('simulator.use');
  const state = useQuery<Simulator>(may === true ? '/simulator' : undefined);
  return (
    <article class="stack">
      <h1>Simulator</h1>
      {may === true ? (
        <Shown query={state} rows={12} what="the simulator">
          {(answer) => <Whole state={answer} />}
        </Shown>
      ) : (
        <WhyNot can={may} />
      )}
    </article>
  );
}

const told = () => refresh('/simulator');

function Whole({ state: { stories, providers, worker, ledger } }: { state: Simulator }) {
  return (
    <>
      <p>
        No provider is real here. What is played and broken reaches the simulated ones alone, and Baton goes
        about it as it would with real ones.
      </p>
      {stories.length > 0 && <Play stories={stories} />}
      <Providers providers={providers} />
      {worker && <Worker state={worker} />}
      <div class="beside">
        <Ledger ledger={ledger} />
        <Recorded />
      </div>
    </>
  );
}

function Play({ stories }: Pick<Simulator, 'stories'>) {
  const action = useAction();
  const [incident, setIncident] = useState<string | undefined>();
  const isBusy = action.state.value.is === 'sending';
  const storm = 20;
  const play = (story: string) =>
    void action
      .run(
        () => change<{ incident: string }>('/simulator/play', { story }).finally(told),
        () => `${story} is played`,
      )
      .then((answer) => setIncident(answer?.incident));
  return (
    <section class="stack-small" aria-labelledby="play">
      <h2 id="play">Play</h2>
      <ul class="list">
        {stories.map(({ name, about }) => (
          <li key={name} class="story-item">
            <Do isBusy={isBusy} onClick={() => play(name)}>
              Play {name}
            </Do>
            <span class="soft">{about}</span>
            <Copy
              text={`npx baton simulator play --story ${name}`}
              label={`Copy as baton command: ${name}`}
            />
          </li>
        ))}
        <li class="story-item">
          <Do
            isBusy={isBusy}
            onClick={() => {
              setIncident(undefined);
              void action.run(
                () => change<{ incidents: string[] }>('/simulator/storm', { incidents: storm }).finally(told),
                ({ incidents }) => `${counted(incidents.length, 'incident')} raised`,
              );
            }}
          >
            Raise a storm of {storm}
          </Do>
          <span class="soft">{storm} incidents of one service at the same moment</span>
          <Copy
            text={`npx baton simulator storm --incidents ${storm}`}
            label="Copy as baton command: storm"
          />
        </li>
      </ul>
      <ActionState action={action} />
      {incident !== undefined && (
        <p>
          See incident <IncidentLink id={incident} />
        </p>
      )}
    </section>
  );
}

/** As people read what can be ordered, and what it means. */
const faults = [
  ['rate limit', 'Answer 429'],
  ['error', 'Answer 503'],
  ['silence', 'Do not answer'],
  ['acts silently', 'Act, and do not answer'],
] as const;

const wordsOf = (fault: string) => faults.find(([name]) => name === fault)?.[1] ?? fault;

function Providers({ providers }: Pick<Simulator, 'providers'>) {
  const action = useAction();
  const [times, setTimes] = useState('3');
  const isBusy = action.state.value.is === 'sending';
  const order = (provider: string, verb: 'fail' | 'heal', body: object, said: string) =>
    void action.run(
      () => change(`/simulator/providers/${inPath(provider)}/${verb}`, body).finally(told),
      () => said,
    );
  return (
    <section class="stack-small" aria-labelledby="providers">
      <div class="spread">
        <h2 id="providers">Break a provider</h2>
        <Chips
          label="For how many requests"
          value={times}
          options={[
            ['1', 'Next request'],
            ['3', 'Next 3'],
            ['20', 'Next 20'],
          ]}
          onChoose={setTimes}
        />
      </div>
      <Table caption="The simulated providers" heads={['Provider, and what was ordered of it']} hasActions>
        {providers.map(({ provider, faults: ordered }) => (
          <tr key={provider}>
            <td class="grow">
              <strong>{provider}</strong>{' '}
              {ordered.length === 0 ? (
                <span class="soft">answers as usual</span>
              ) : (
                ordered.map(({ fault, times: left }) => `${wordsOf(fault)}: ${left} more`).join('; ')
              )}
            </td>
            <td class="actions">
              <div class="buttons">
                {faults.map(([fault, words]) => (
                  <Do
                    key={fault}
                    isBusy={isBusy}
                    onClick={() =>
                      order(provider, 'fail', { fault, times: Number(times) }, `${provider}: ${words}`)
                    }
                  >
                    {words}
                    <span class="hidden-text">: {provider}</span>
                  </Do>
                ))}
                {ordered.length > 0 && (
                  <Do
                    isBusy={isBusy}
                    onClick={() => order(provider, 'heal', {}, `${provider} answers as usual`)}
                  >
                    Take back<span class="hidden-text">: {provider}</span>
                  </Do>
                )}
              </div>
            </td>
          </tr>
        ))}
      </Table>
      <div class="cluster">
        <ActionState action={action} />
        <Copy
          text={`npx baton simulator fail ${inShell(providers[0]?.provider ?? 'pagerduty')} --fault silence --times ${times}`}
          label="Copy as baton command"
          isWord
        />
      </div>
    </section>
  );
}

function Worker({ state }: { state: 'running' | 'stopped' }) {
  const action = useAction();
  const isRunning = state === 'running';
  const next = isRunning ? 'stopped' : 'running';
  return (
    <section class="stack-small" aria-labelledby="worker">
      <h2 id="worker">The worker</h2>
      <p class="soft">
        {isRunning
          ? 'It carries out runs. While it is stopped, runs wait where they are and go on afterwards.'
          : 'It is stopped: events still come in, and runs wait.'}
      </p>
      <div class="buttons">
        <Do
          look={isRunning ? 'danger' : 'primary'}
          isBusy={action.state.value.is === 'sending'}
          onClick={() =>
            void action.run(
              () => change('/simulator/worker', { state: next }).finally(told),
              () => (isRunning ? 'It is stopped' : 'It runs'),
            )
          }
        >
          {isRunning ? 'Stop the worker' : 'Start the worker'}
        </Do>
        <Copy text={`npx baton simulator worker --state ${next}`} label="Copy as baton command" isWord />
      </div>
      <ActionState action={action} />
    </section>
  );
}

function Ledger({ ledger }: Pick<Simulator, 'ledger'>) {
  return (
    <section class="stack-small" aria-labelledby="ledger">
      <h2 id="ledger">What the providers have changed</h2>
      {ledger.length === 0 ? (
        <Empty title="Nothing was changed yet">
          <p>What a run changes stands here, as the provider knows it.</p>
        </Empty>
      ) : (
        <ul class="list">
          {ledger.map(({ at, provider, effect, target, key }, index) => (
            <li key={`${at} ${index}`}>
              <When at={at} only="absolute" />
              <span class="wrap">
                <strong>{provider}</strong> {effect} <Said text={target} />
              </span>
              <span />
              {key && (
                <span class="more mono">
                  <Said text={key} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Recorded() {
  const lines = useQuery<Page<Line>>('/record?action=activity.completed&limit=200', ({ action }) =>
    action.startsWith('activity.'),
  );
  return (
    <section class="stack-small" aria-labelledby="recorded">
      <h2 id="recorded">What the record says was done</h2>
      <Shown query={lines} rows={6} what="the record">
        {({ items }) => {
          const changes = items.filter(({ detail }) => detail.kind !== 'read');
          return changes.length === 0 ? (
            <Empty title="No change yet">
              <p>Each call of a run that changes something stands here, with its key.</p>
            </Empty>
          ) : (
            <ul class="list">
              {changes.map(({ seq, at, actor, subject, detail }) => (
                <li key={seq}>
                  <When at={at} only="absolute" />
                  <span class="wrap">
                    <strong>{String(detail.activity ?? '')}</strong> <Said text={subject} />
                  </span>
                  <span />
                  <span class="more">
                    {actorName(actor)}{' '}
                    {typeof detail.key === 'string' && <Said text={detail.key} class="mono" />}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Shown>
    </section>
  );
}
