import { createHmac, randomUUID } from 'node:crypto';
import type { Act } from '../simulator.ts';
import { type Call, GitHubError, invalid, type Method, type Reply } from './call.ts';

/** A webhook of a repository. Its secret is shown to nobody. */
export interface SimulatedHook {
  id: number;
  active: boolean;
  events: string[];
  url: string;
  contentType: string;
  secret: string;
  createdAt: string;
  /** Newest first. */
  deliveries: { id: number; event: string; status: string; status_code: number }[];
}

/** As the API shows it. */
const shownHook = ({ id, active, events, url, contentType, secret, createdAt }: SimulatedHook) => ({
  type: 'Repository',
  id,
  name: 'web',
  active,
  events,
  config: { url, content_type: contentType, insecure_ssl: '0', ...(secret ? { secret: '********' } : {}) },
  created_at: createdAt,
  updated_at: createdAt,
});

/** Sends a ping to where the webhook leads, signed, and keeps what was answered. */
async function ping(hook: SimulatedHook, repository: string, nextId: () => number): Promise<void> {
  const body = JSON.stringify({
    zen: 'Keep it logically awesome.',
    hook_id: hook.id,
    hook: shownHook(hook),
    repository: { full_name: repository },
  });
  const signature = createHmac('sha256', hook.secret).update(body).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'ping',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${signature}`,
  };
  const answer = await fetch(hook.url, { method: 'POST', headers, body }).catch(() => undefined);
  await answer?.body?.cancel();
  hook.deliveries.unshift({
    id: nextId(),
    event: 'ping',
    status: answer ? (answer.ok ? 'OK' : 'Invalid HTTP Response') : 'failed to connect to host',
    status_code: answer?.status ?? 0,
  });
}

/** The webhooks of a repository. */
export function hookRoutes(
  route: (method: Method, path: string, handle: (call: Call) => Reply) => void,
  act: Act,
  nextId: () => number,
): void {
  const hooksOf = ({ repository }: Call) => {
    repository.hooks ??= [];
    return repository.hooks;
  };
  const hookOf = (call: Call): SimulatedHook => {
    const found = hooksOf(call).find(({ id }) => String(id) === call.request.params.hook);
    if (!found) throw new GitHubError(404, 'Not Found');
    return found;
  };
  const told = (effect: string, { repository }: Call, { id, url, events }: SimulatedHook) =>
    act({ effect, target: `${repository.name}/${id}`, detail: { url, events } });

  route('get', '/hooks', (call) => ({ list: hooksOf(call).map(shownHook) }));
  route('post', '/hooks', (call) => {
    const { config = {}, events = ['push'], active = true } = call.body;
    if (typeof config.url !== 'string')
      throw invalid({ resource: 'Hook', field: 'url', code: 'missing_field' });
    if (hooksOf(call).some(({ url }) => url === config.url))
      throw invalid({ resource: 'Hook', code: 'custom', message: 'Hook already exists on this repository' });
    const { url, secret = '', content_type: contentType = 'form' } = config;
    const createdAt = new Date().toISOString();
    const hook = { id: nextId(), active, events, url, contentType, secret, createdAt, deliveries: [] };
    hooksOf(call).push(hook);
    told('webhook created', call, hook);
    void ping(hook, call.repository.name, nextId);
    return { status: 201, body: shownHook(hook) };
  });
  route('patch', '/hooks/:hook', (call) => {
    const hook = hookOf(call);
    const { config = {}, events = hook.events, active = hook.active } = call.body;
    const { url = hook.url, secret = hook.secret, content_type: contentType = hook.contentType } = config;
    Object.assign(hook, { active, events, url, secret, contentType });
    told('webhook changed', call, hook);
    return { body: shownHook(hook) };
  });
  route('delete', '/hooks/:hook', (call) => {
    const hook = hookOf(call);
    call.repository.hooks = hooksOf(call).filter((each) => each !== hook);
    told('webhook deleted', call, hook);
    return { status: 204 };
  });
  route('post', '/hooks/:hook/pings', (call) => {
    void ping(hookOf(call), call.repository.name, nextId);
    return { status: 204 };
  });
  route('get', '/hooks/:hook/deliveries', (call) => ({ list: hookOf(call).deliveries }));
}
