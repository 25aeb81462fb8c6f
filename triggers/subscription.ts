import {
  type LifecycleEvent,
  type LifecyclePattern,
  lifecycleTypes,
  type Meant,
  means,
} from '../domain/lifecycle.ts';
import { connectionNamePattern } from '../domain/subject.ts';
import type { Subscription } from '../domain/subscription.ts';
import { workflowKinds } from '../workflows/kinds.ts';
import { meant } from './policy.ts';
import { faultOfTags } from './tags.ts';

type Workflow = (input: never) => Promise<unknown>;

interface Declaration<Pattern extends LifecyclePattern> {
  /** Under it the store keeps how far it has been told. Another name is another subscription, and begins anew. */
  name: string;
  /** `run.failed`, or `approval.*` for all of a kind. */
  types: readonly Pattern[];
  /** Left out: all. */
  workflows?: readonly Workflow[];
  /** Runs of workflows with one of these tags (`workflows/tags.ts`). Left out: all. */
  tags?: readonly string[];
  /** PagerDuty services, by id or name. Left out: all, and what concerns no service. */
  services?: readonly string[];
  /** As the input of a run names it, in `stage` or `environment`. Left out: all. */
  stages?: readonly string[];
  /** The connection of the provider `http` that holds its address and its secrets. */
  connection: string;
  method?: Subscription['method'];
  /** None that are secret: those are the connection's. */
  headers?: Readonly<Record<string, string>>;
  /** What is sent in place of the CloudEvent, as JSON. It gets the same event at each attempt, and should answer the same. */
  body?(event: LifecycleEvent<Meant<Pattern>>): unknown;
}

/** Declares who is told of what Baton does; throws where that cannot be meant. */
export function defineSubscription<const Pattern extends LifecyclePattern>({
  workflows,
  method = 'POST',
  headers = {},
  body,
  ...rest
}: Declaration<Pattern>): Subscription {
  const { name, types, connection } = rest;
  const fails = (why: string): never => {
    throw new Error(`The subscription ${name || 'without a name'} ${why}`);
  };
  if (!/^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/.test(name))
    fails('needs a name of small letters, digits and hyphens, at most 60.');
  if (!connectionNamePattern.test(connection))
    fails(
      `names no connection, "${connection}": a name has up to 40 small letters, digits and hyphens. See baton connections list.`,
    );
  const unknown = types.find((pattern) => !lifecycleTypes.some((type) => means(pattern, type)));
  if (unknown !== undefined) fails(`names no type, ${unknown}. ${meant(unknown, lifecycleTypes)}`);
  const lists = { types, workflows, services: rest.services, stages: rest.stages };
  const empty = Object.entries(lists).find(([, list]) => list?.length === 0);
  if (empty) fails(`would never be told: its list of ${empty[0]} is empty. Leave it out for all.`);
  const names = workflows?.map((workflow) => workflow.name);
  const stranger = names?.find((each) => !workflowKinds.has(each));
  if (stranger !== undefined)
    fails(
      `is of no workflow that is known here, ${stranger}. A new workflow has a line in workflows/kinds.ts.`,
    );
  const faulty = rest.tags && faultOfTags(rest.tags);
  if (faulty !== undefined) fails(faulty);
  const secret = Object.keys(headers).find((each) =>
    /^(authorization|cookie|proxy-.*|webhook-.*)$/i.test(each),
  );
  if (secret !== undefined)
    fails(`sets the header ${secret}. Credentials belong to its connection (HTTP_SUBSCRIBER_HEADERS).`);
  return {
    ...rest,
    ...(names ? { workflows: names } : {}),
    method,
    headers,
    // It is given events of its own types alone.
    ...(body ? { body: body as NonNullable<Subscription['body']> } : {}),
  };
}

/** The subscriptions as they are listed; throws where two have one name. */
export function subscriptionList(subscriptions: readonly Subscription[]): readonly Subscription[] {
  const names = subscriptions.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Error(
      `There are two subscriptions named ${twice}, and one would be told for both. Name one of them anew.`,
    );
  return subscriptions;
}
