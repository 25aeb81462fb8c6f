import type { LinkCodes } from '../domain/link-code.ts';
import type { Answers } from './answers.ts';
import type { KeptApprovals } from './asked/approvals.ts';
import type { KeptQuestions } from './asked/questions.ts';
import type { KeptCallbacks } from './callbacks.ts';
import type { Budgets } from './changes/budgets.ts';
import type { Deeds } from './changes/deeds.ts';
import type { Echoes } from './changes/echoes.ts';
import type { Effects } from './changes/effects.ts';
import type { Holds } from './changes/holds.ts';
import type { Journal } from './changes/journal.ts';
import type { MadeChanges } from './changes/made.ts';
import type { ConnectionRows } from './connections/connections.ts';
import type { ConsentRows } from './connections/consents.ts';
import type { SetUps } from './connections/set-up.ts';
import type { AlertKeepers } from './events/alert-keepers.ts';
import type { Decisions } from './events/dispatch.ts';
import type { Events } from './events/events.ts';
import type { Heartbeats } from './events/heartbeats.ts';
import type { Inbox } from './events/inbox.ts';
import type { TimesOfIncidents } from './events/incident-times.ts';
import type { Incidents } from './events/incidents.ts';
import type { Leases } from './events/leases.ts';
import type { Pulls } from './events/pulls.ts';
import type { Repeats } from './events/repeats.ts';
import type { Schedules } from './events/schedules.ts';
import type { Storms } from './events/storms.ts';
import type { KeptTexts } from './kept-texts.ts';
import type { Lists } from './lists.ts';
import type { KeptNotices } from './notices.ts';
import type { LocalSessions } from './people/local-sessions.ts';
import type { People } from './people/people.ts';
import type { Sessions } from './people/sessions.ts';
import type { Tokens } from './people/tokens.ts';
import type { RecordLog } from './record/record.ts';
import type { Lines } from './record/search.ts';
import type { Retention } from './retention.ts';
import type { AskedRuns } from './runs/asked-runs.ts';
import type { ByHand } from './runs/by-hand.ts';
import type { Drills } from './runs/drills.ts';
import type { Lowerings } from './runs/lowerings.ts';
import type { OverdueRuns } from './runs/overdue.ts';
import type { Runs } from './runs/runs.ts';
import type { ShownRuns } from './runs/shown-runs.ts';
import type { StuckRuns } from './runs/stuck.ts';
import type { NumbersOfWorkflows } from './runs/workflow-numbers.ts';
import type { Sizes } from './size.ts';
import type { KeptSubscriptions } from './subscriptions.ts';
import type { Transcripts } from './transcripts.ts';
import type { UntoldSubscribers } from './untold.ts';
import type { WatchedThings } from './watched.ts';

/**
 * What Baton keeps: the inbox, the runs, the effects, the record, the named connections, and who may do what. PostgreSQL or the embedded
 * PGlite, the same SQL.
 * Every function is one transaction. Writers of one kind that wait at the same moment share one (group commit).
 * When the database cannot be reached within its bound, they reject with `StoreUnavailable`.
 */
export interface Store
  extends Inbox,
    Leases,
    Events,
    Decisions,
    Runs,
    ShownRuns,
    StuckRuns,
    OverdueRuns,
    Effects,
    Echoes,
    Drills,
    AlertKeepers,
    RecordLog,
    Lines,
    AskedRuns,
    Deeds,
    Incidents,
    TimesOfIncidents,
    NumbersOfWorkflows,
    Lists,
    ByHand,
    Answers,
    KeptApprovals,
    KeptQuestions,
    Retention,
    Sizes,
    Budgets,
    ConnectionRows,
    ConsentRows,
    SetUps,
    Tokens,
    People,
    LinkCodes,
    KeptNotices,
    Journal,
    Transcripts,
    KeptTexts,
    Lowerings,
    Sessions,
    LocalSessions,
    Pulls,
    Storms,
    Holds,
    MadeChanges,
    KeptSubscriptions,
    UntoldSubscribers,
    KeptCallbacks,
    Repeats,
    WatchedThings,
    Schedules,
    Heartbeats {
  /** For `/readyz`. Rejects with `StoreUnavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
