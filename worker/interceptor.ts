import { activityInfo } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { AnyActivity, AnyChange, AnyRead } from '../activities/activity.ts';
import type { Authority } from '../secrets/authority.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';
import { causeReader } from './authority.ts';
import type { CarriedOut } from './carried-out.ts';
import { approved } from './chain/approved.ts';
import { asked } from './chain/asked.ts';
import { authorized } from './chain/authority.ts';
import { type Call, chain, type Next, type Surroundings } from './chain/call.ts';
import { counted } from './chain/count.ts';
import { withHeartbeat } from './chain/heartbeat.ts';
import { intended } from './chain/intent.ts';
import { lookAndAct, lookOnly, readIt } from './chain/look-and-act.ts';
import { lowered } from './chain/lowered.ts';
import { outsideOfMaintenance } from './chain/maintenance.ts';
import { byMode } from './chain/mode.ts';
import { oneAtATime } from './chain/one-at-a-time.ts';
import { readCall, readName } from './chain/parse.ts';
import { proved } from './chain/proved.ts';
import { concluded, recordedPlan, recordedRead } from './chain/record.ts';
import { cleaned } from './chain/scrub.ts';
import { sharedByProvider } from './chain/share.ts';
import { toldStart } from './chain/told-start.ts';
import { backOnceUrgent, urgentFirst } from './chain/urgent.ts';
import { wayBack } from './chain/way-back.ts';
import { doubtAbout } from './doubt.ts';

export interface InterceptorOptions extends Surroundings {
  activities: readonly AnyActivity[];
  /** Tells whether a run was started by a server of ours. */
  authority: Authority;
  carriedOut?: Pick<CarriedOut, 'sees'>;
  /** The named ones. Left out: nothing is said of them. */
  connections?: Pick<StoredConnections, 'known'> | undefined;
  count?: (activity: Pick<AnyActivity, 'name' | 'provider'>, failure?: unknown) => void;
}

/**
 * Stands around every activity, as a chain of links with one reason each: the folder `chain/` has them, and `wayOf` puts them together.
 * The engine's own activities, which are not declared, pass through.
 */
export function activityInterceptors(options: InterceptorOptions): ActivityInterceptorsFactory {
  const byName = new Map(options.activities.map((declaration) => [declaration.name, declaration]));
  const causeOf = causeReader(options.authority);
  const way = wayOf(options);
  return () => ({
    inbound: {
      async execute({ args, headers }, next) {
        const declaration = byName.get(readName(activityInfo().activityType).name);
        const shown = causeOf({ args, headers });
        if ('cause' in shown) options.carriedOut?.sees(activityInfo().workflowExecution?.workflowId ?? '');
        // The engine's own take their cause from here, and not from what they are given.
        if (!declaration)
          return next({ args: [args[0], 'cause' in shown ? shown.cause : undefined], headers });
        const call = readCall(declaration, args[0], shown, headers, options);
        const doubt = await doubtAbout(call.connection, options.connections);
        return (await way(doubt === undefined ? call : { ...call, doubt })).result;
      },
    },
  });
}

/** What a call passes, the outermost first. Of a run that watches no effect is opened, and the chain ends where nothing can act. */
function wayOf(options: InterceptorOptions): Next<Call> {
  const clean = cleaned(options);
  const read = chain<Call<AnyRead>>([recordedRead(options), clean], readIt(options));
  const plan = chain<Change>([recordedPlan(options), clean], lookOnly(options));
  const ask = chain<Change>([asked(options), recordedPlan(options), clean], lookOnly(options));
  const make = chain<Change>(
    [
      proved(options),
      wayBack(options),
      lowered(options),
      approved(options),
      outsideOfMaintenance(options),
      intended(options),
      concluded(options),
      clean,
    ],
    lookAndAct(options),
  );
  const change = chain<Change>([oneAtATime, authorized(options)], byMode({ ask, plan, make }));
  return chain<Call>(
    [
      counted(options.count),
      withHeartbeat,
      backOnceUrgent,
      sharedByProvider(),
      urgentFirst,
      toldStart(options),
    ],
    (call) => (isRead(call) ? read(call) : change(call as Change)),
  );
}

type Change = Call<AnyChange>;
const isRead = (call: Call): call is Call<AnyRead> => call.declaration.kind === 'read';
