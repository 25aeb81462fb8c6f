import type { Express, Request, Response } from 'express';
import { AwsError, signatureOf } from './aws-request.ts';
import { bootLines, errorXml, instanceXml, type ShownState, stateXml, statusXml } from './ec2-xml.ts';
import { allowsAll, type Policy } from './iam.ts';
import { defineSimulator, startUnhurried } from './provider.ts';
import { newSecret } from './secret.ts';
import type { Act, Simulation, Simulator } from './simulator.ts';
import {
  assumeRole,
  authorize as authorizeBy,
  callerIdentity,
  callerOf,
  type StsWorld,
  stsErrorXml,
} from './sts.ts';

export interface SimulatedInstance {
  id: string;
  /** Where it is, or is going to: EC2 tells `stopping` and `pending` for a while first. */
  state: 'running' | 'stopped' | 'terminated';
  /** When it was last started or stopped: milliseconds since 1970. */
  changedAt?: number;
  type: string;
  zone: string;
  tags: Record<string, string>;
  privateIp: string;
  launchTime: string;
  rootDevice: 'ebs' | 'instance-store';
  impaired: boolean;
  /** Which of the checks fail while it is impaired: those of the instance itself where nothing is said. */
  failing?: FailingCheck[];
  /** Milliseconds since 1970. */
  rebootedAt?: number;
  /** What it has written to its console since it was last started or rebooted. Left out: a few lines of its start. */
  console?: string;
  /** False: it is as impaired after a reboot as before. */
  rebootHelps: boolean;
}

export type FailingCheck = 'system' | 'instance' | 'ebs';

/** With the STS of its account, at the same address. */
export interface Ec2World extends StsWorld {
  instances: SimulatedInstance[];
  /** World seconds in one of ours. */
  timeScale: number;
  /** What the account may not do, by IAM action: answered 403. */
  denied: string[];
}

const accessKeyId = 'SIMULATEDEC2KEY';
/** The checks of before stay for this long after a reboot, then they run anew for the next, in world seconds. */
const oldChecksSeconds = 5;
const bootSeconds = 30;
/** How long a start or stop takes, in world seconds. */
const changeSeconds = 10;

const instance = (
  id: string,
  name: string,
  tags: Record<string, string>,
  privateIp: string,
): SimulatedInstance => ({
  id,
  state: 'running',
  type: 'm7g.large',
  zone: 'eu-central-1a',
  tags: { Name: name, ...tags },
  privateIp,
  launchTime: '2026-11-01T06:00:00.000Z',
  rootDevice: 'ebs',
  impaired: false,
  rebootHelps: true,
});

interface Options {
  timeScale?: number;
  /** Milliseconds since 1970: another clock than the machine's, for tests. */
  clock?: () => number;
}

const account = '111122223333';
/** A role of the account, for a connection that names one (`EC2_ROLE_ARN`). */
export const simulatedRoleArn = `arn:aws:iam::${account}:role/baton`;

/** Anybody of the account may assume the role who may do so by the own policy, and it may do all: the keys of a session are the limit. */
const firstSts = (): StsWorld => ({
  account,
  identity: { arn: `arn:aws:iam::${account}:user/baton`, policy: allowsAll },
  roles: [{ arn: simulatedRoleArn, trust: trusting, policy: allowsAll, maxSeconds: 3_600 }],
  sessions: [],
  mostPacked: 2_048,
});

const trusting: Policy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    },
  ],
};

/** EC2's query API: a form in, XML out, as the AWS SDK speaks it. */
export function ec2Simulation({ timeScale = 20, clock = Date.now }: Options = {}): Simulation<Ec2World> {
  return {
    provider: 'ec2',
    world: {
      instances: [
        instance('i-0abc12345def67890', 'checkout-1', { 'baton:restart': 'allowed' }, '10.0.1.17'),
        instance('i-0def12345abc67890', 'search-1', {}, '10.0.1.23'),
      ],
      timeScale,
      denied: [],
      ...firstSts(),
    },
    // What was assumed by an earlier start ended with it; a world of before knew no roles.
    renewSecrets: (world) => void Object.assign(world, firstSts()),
    routes: (app, world, act) => mount(app, world, act, clock),
    errorBody: (status) =>
      errorXml(
        new AwsError(status, status === 429 ? 'RequestLimitExceeded' : 'InternalError', 'An ordered error'),
      ),
  };
}

const secretAccessKey = newSecret();

/** The settings that connect Baton to the simulator at `url`. */
export function ec2Environment(url: string, timeScale = 20): Record<string, string> {
  return {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_EC2: url,
    AWS_ENDPOINT_URL_STS: url,
    BATON_SIMULATED_TIME_SCALE: String(timeScale),
  };
}

export const simulatedEc2 = defineSimulator({
  provider: 'ec2',
  async start(options) {
    const { timeScale } = options.pace;
    const started = await startUnhurried(ec2Simulation({ timeScale }), options, (url) =>
      ec2Environment(url, timeScale),
    );
    // A saved world may have had another pace.
    started.simulator.world.timeScale = timeScale;
    return started;
  },
});

/** An instance fails its status checks from now on, until a reboot helps. */
export function impair(
  { world }: Simulator<Ec2World>,
  instanceId: string,
  { rebootHelps = true, failing }: { rebootHelps?: boolean; failing?: FailingCheck[] } = {},
): void {
  const found = world.instances.find(({ id }) => id === instanceId);
  if (!found) throw new Error(`The simulated EC2 has no instance ${instanceId}`);
  found.impaired = true;
  found.rebootHelps = rebootHelps;
  if (failing) found.failing = failing;
  else delete found.failing;
  delete found.rebootedAt;
}

/** An instance that may be rebooted and has not been yet: Baton leaves one alone for a while that it has just rebooted. */
export function restedInstance({ world, ledger }: Simulator<Ec2World>): string {
  const rebooted = new Set(ledger.map(({ target }) => target));
  const rested = world.instances.find(
    ({ id, tags }) => tags['baton:restart'] === 'allowed' && !rebooted.has(id),
  );
  if (rested) return rested.id;
  const number = world.instances.length;
  const id = `i-0abc${String(number).padStart(13, '0')}`;
  world.instances.push(
    instance(id, `checkout-${number}`, { 'baton:restart': 'allowed' }, `10.0.2.${number % 250}`),
  );
  return id;
}

/** One more instance, whose owner has not allowed a reboot, and which fails its checks. */
export function untaggedInstance(simulator: Simulator<Ec2World>): string {
  const { instances } = simulator.world;
  const number = instances.length;
  const id = `i-0feed${String(number).padStart(12, '0')}`;
  instances.push(instance(id, `checkout-${number}`, {}, `10.0.3.${number % 250}`));
  impair(simulator, id);
  return id;
}

type Parameters = URLSearchParams;
type Action = (parameters: Parameters, by: By) => string;
/** In whose name it is done, where a session has a source identity: for the ledger. */
type By = { by?: string };

interface Signed {
  caller: ReturnType<typeof callerOf>;
  region: string;
}

function mount(app: Express, world: Ec2World, act: Act, clock: () => number): void {
  /** World seconds since then. */
  const since = (then: number | undefined) =>
    then === undefined ? Infinity : ((clock() - then) / 1000) * world.timeScale;
  const stateOf = ({ state, changedAt }: SimulatedInstance): ShownState => {
    if (state === 'terminated' || since(changedAt) >= changeSeconds) return state;
    return state === 'running' ? 'pending' : 'stopping';
  };
  const checkOf = (found: SimulatedInstance): string => {
    if (stateOf(found) !== 'running') return 'not-applicable';
    if (since(found.changedAt) < changeSeconds + bootSeconds) return 'initializing';
    const seconds = since(found.rebootedAt);
    if (seconds >= oldChecksSeconds && seconds < oldChecksSeconds + bootSeconds) return 'initializing';
    const isOver = seconds >= oldChecksSeconds + bootSeconds && found.rebootedAt !== undefined;
    return found.impaired && !(isOver && found.rebootHelps) ? 'impaired' : 'ok';
  };

  const named = (parameters: Parameters) => {
    const ids = listOf(parameters, 'InstanceId');
    for (const id of ids)
      if (!/^i-[0-9a-f]{8,17}$/.test(id))
        throw new AwsError(400, 'InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
    const found = world.instances.filter(({ id }) => ids.includes(id));
    const missing = ids.filter((id) => !found.some((other) => other.id === id));
    if (missing.length > 0)
      throw new AwsError(
        400,
        'InvalidInstanceID.NotFound',
        `The instance IDs '${missing.join(', ')}' do not exist`,
      );
    return found;
  };

  const authorize = (action: string, parameters: Parameters, { caller, region }: Signed) => {
    if (world.denied.includes(`ec2:${action}`))
      throw new AwsError(403, 'UnauthorizedOperation', `You are not authorized to perform: ec2:${action}`);
    const ids = action.startsWith('Describe')
      ? []
      : [...parameters.getAll('InstanceId'), ...listOf(parameters, 'InstanceId')];
    for (const id of ids)
      authorizeBy(world, caller, {
        action: `ec2:${action}`,
        resource: `arn:aws:ec2:${region}:${account}:instance/${id}`,
        keys: tagKeys(world.instances.find((each) => each.id === id)?.tags),
      });
    // What looks is about no resource in particular.
    if (ids.length === 0) authorizeBy(world, caller, { action: `ec2:${action}`, resource: '*', keys: {} });
    if (parameters.get('DryRun') !== 'true') return;
    // It looks whether the instances are there, and not in which state they are.
    named(parameters);
    throw new AwsError(412, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  };

  const change = (
    parameters: Parameters,
    by: By,
    to: SimulatedInstance['state'],
    effect: string,
    set: string,
  ): string => {
    const found = named(parameters);
    for (const each of found) {
      const state = stateOf(each);
      // A start has to wait for a stop to end, and the other way round; nothing is done to a part of a selection.
      if (state === 'terminated' || (state !== each.state && each.state !== to))
        throw new AwsError(400, 'IncorrectInstanceState', `The instance '${each.id}' is ${state}`);
    }
    const items = found.map((each) => {
      const before = stateOf(each);
      if (each.state !== to) {
        each.state = to;
        each.changedAt = clock();
        act({ effect, target: each.id, ...by });
      }
      return `<item><instanceId>${each.id}</instanceId>${stateXml('currentState', stateOf(each))}${stateXml('previousState', before)}</item>`;
    });
    return `<${set}>${items.join('')}</${set}>`;
  };

  const actions: Record<string, Action> = {
    DescribeInstances(parameters) {
      const ids = listOf(parameters, 'InstanceId');
      const found =
        ids.length > 0 ? named(parameters) : world.instances.filter(matches(filtersOf(parameters), stateOf));
      const start = Number(parameters.get('NextToken') ?? 0);
      const end = start + Number(parameters.get('MaxResults') ?? 1000);
      const items = found.slice(start, end).map((each) => instanceXml(each, stateOf(each)));
      const more = end < found.length ? `<nextToken>${end}</nextToken>` : '';
      return `<reservationSet>${items.map((item) => `<item><instancesSet>${item}</instancesSet></item>`).join('')}</reservationSet>${more}`;
    },
    DescribeInstanceStatus(parameters) {
      const isAll = parameters.get('IncludeAllInstances') === 'true';
      const found = named(parameters).filter((each) => isAll || stateOf(each) === 'running');
      return `<instanceStatusSet>${found.map((each) => statusXml(each, stateOf(each), checkOf(each))).join('')}</instanceStatusSet>`;
    },
    RebootInstances(parameters, by) {
      const found = named(parameters).filter(({ state }) => state !== 'terminated');
      const stopped = found.find((each) => stateOf(each) !== 'running');
      if (stopped)
        throw new AwsError(400, 'IncorrectInstanceState', `The instance '${stopped.id}' is not running`);
      for (const each of found) {
        each.rebootedAt = clock();
        delete each.console;
        act({ effect: 'instance rebooted', target: each.id, ...by });
      }
      return '<return>true</return>';
    },
    GetConsoleOutput(parameters) {
      const [found] = named(new URLSearchParams({ 'InstanceId.1': parameters.get('InstanceId') ?? '' }));
      if (!found) throw new AwsError(400, 'MissingParameter', 'The request must contain InstanceId');
      if (parameters.get('Latest') === 'true' && found.type.startsWith('t2.'))
        throw new AwsError(
          400,
          'UnsupportedOperation',
          'This instance type does not support retrieving the latest console logs',
        );
      const output = Buffer.from(found.console ?? bootLines(found)).toString('base64');
      return `<instanceId>${found.id}</instanceId><timestamp>${new Date(clock()).toISOString()}</timestamp><output>${output}</output>`;
    },
    StopInstances: (parameters, by) => change(parameters, by, 'stopped', 'instance stopped', 'instancesSet'),
    StartInstances: (parameters, by) => change(parameters, by, 'running', 'instance started', 'instancesSet'),
    TerminateInstances: (parameters, by) =>
      change(parameters, by, 'terminated', 'instance terminated', 'instancesSet'),
  };

  const start = { accessKeyId, secret: secretAccessKey, clock };
  const stsAnswer = (parameters: Parameters, caller: Signed['caller']): string => {
    if (parameters.get('Action') === 'GetCallerIdentity') return callerIdentity(world, caller);
    if (parameters.get('Action') !== 'AssumeRole')
      throw new AwsError(400, 'InvalidAction', 'The simulated STS assumes roles, and does little else');
    return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${assumeRole(world, caller, parameters, start)}</AssumeRoleResponse>`;
  };
  const ec2Answer = (parameters: Parameters, signed: Signed): string => {
    const name = parameters.get('Action') ?? '';
    const run = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!run)
      throw new AwsError(400, 'InvalidAction', `The action ${name} is not valid for this web service.`);
    authorize(name, parameters, signed);
    const by = signed.caller.session?.sourceIdentity;
    const body = run(parameters, by === undefined ? {} : { by });
    return `<${name}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${body}</${name}Response>`;
  };

  app.post('/', (request: Request, response: Response) => {
    const parameters = new URLSearchParams(
      Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '',
    );
    const signature = signatureOf(request);
    const isSts = signature?.service === 'sts';
    response.type('text/xml');
    try {
      const caller = callerOf(world, signature, start);
      const answer = isSts
        ? stsAnswer(parameters, caller)
        : ec2Answer(parameters, { caller, region: signature?.region ?? '' });
      response.send(answer);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const status = isSts && error.status === 401 ? 403 : error.status;
      response.status(status).send(isSts ? stsErrorXml(error) : errorXml(error));
    }
  });
}

/** `InstanceId.1=…&InstanceId.2=…` */
function listOf(parameters: Parameters, name: string): string[] {
  const values: string[] = [];
  for (let index = 1; parameters.has(`${name}.${index}`); index += 1)
    values.push(parameters.get(`${name}.${index}`) ?? '');
  return values;
}

function filtersOf(parameters: Parameters): { name: string; values: string[] }[] {
  const filters = [];
  for (let index = 1; parameters.has(`Filter.${index}.Name`); index += 1)
    filters.push({
      name: parameters.get(`Filter.${index}.Name`) ?? '',
      values: listOf(parameters, `Filter.${index}.Value`),
    });
  return filters;
}

const matches =
  (filters: { name: string; values: string[] }[], stateOf: (each: SimulatedInstance) => ShownState) =>
  (each: SimulatedInstance) =>
    filters.every(({ name, values }) => {
      if (name.startsWith('tag:')) return values.includes(each.tags[name.slice(4)] ?? '');
      if (name === 'instance-state-name') return values.includes(stateOf(each));
      if (name === 'private-ip-address') return values.includes(each.privateIp);
      throw new AwsError(400, 'InvalidParameterValue', `The filter '${name}' is invalid`);
    });

const tagKeys = (tags: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
