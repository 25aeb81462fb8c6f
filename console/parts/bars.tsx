import { useQuery } from '../api/query.ts';
import { Icon } from './icon.tsx';
import { Said } from './said.tsx';
import { When } from './when.tsx';

/** How Baton itself stands, as far as it changes what somebody may believe of what is shown. */
interface StatusAnswer {
  mode: string;
  simulated: string[];
  temporal: { state: 'up' | 'down' | 'unknown'; since?: string; reason?: string };
  workers: { state: 'working' | 'none' | 'unknown'; count?: number; expected?: number };
  killSwitches: {
    id: number;
    reason: string;
    by: string;
    from: string;
    provider?: string;
    workflow?: string;
  }[];
  inbox: { pending: number; oldestSeconds: number };
  notes: string[];
}

const titles: Readonly<Record<string, string>> = {
  pagerduty: 'PagerDuty',
  slack: 'Slack',
  jira: 'Jira',
  kubernetes: 'Kubernetes',
  ec2: 'EC2',
  github: 'GitHub',
  prometheus: 'Prometheus',
};

const touches = ({ action, subject }: { action: string; subject: string }) =>
  /^(condition|hold)\./.test(action) || subject.startsWith('hold:');

export function Bars() {
  const status = useQuery<StatusAnswer>('/status', touches).data.value;
  if (!status) return null;
  const { simulated, temporal, workers, killSwitches, mode } = status;
  return (
    <>
      {killSwitches.map(({ id, reason, by, from, provider, workflow }) => (
        <p key={id} class="bar red">
          <Icon name="shield" size={14} />
          <strong>Kill switch on{provider ? ` for ${provider}` : workflow ? ` for ${workflow}` : ''}</strong>
          <span>
            <Said text={reason} /> (<Said text={by} />, <When at={from} />)
          </span>
          <a href="/changes">Guards</a>
        </p>
      ))}
      {temporal.state === 'down' && (
        <p class="bar red">
          <Icon name="alert" size={14} />
          <strong>
            Temporal is down
            {temporal.since && (
              <>
                {' '}
                since <When at={temporal.since} only="absolute" />
              </>
            )}
          </strong>
          <span>events are kept, runs wait</span>
        </p>
      )}
      {workers.state === 'none' && (
        <p class="bar red">
          <Icon name="alert" size={14} />
          <strong>No worker</strong>
          <span>
            runs wait: start one with <code>npx baton worker</code>
          </span>
        </p>
      )}
      {simulated.length > 0 && (
        <p class="bar blue">
          <Icon name="eye" size={14} />
          <strong>Simulated</strong>
          <span>
            {mode === 'simulated'
              ? 'nothing real is touched'
              : simulated.map((name) => titles[name] ?? name).join(', ')}
          </span>
        </p>
      )}
    </>
  );
}
