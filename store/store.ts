import type { LinkCodes } from '../domain/link-code.ts';
import type { AlertKeepers } from './alert-keepers.ts';
import type { Answers } from './answers.ts';
import type { KeptApprovals } from './approvals.ts';
import type { AskedRuns } from './asked-runs.ts';
import type { Budgets } from './budgets.ts';
import type { ByHand } from './by-hand.ts';
import type { KeptCallbacks } from './callbacks.ts';
import type { ConnectionRows } from './connections.ts';
import type { ConsentRows } from './consents.ts';
import type { Deeds } from './deeds.ts';
import type { Decisions } from './dispatch.ts';
import type { Drills } from './drills.ts';
import type { Echoes } from './echoes.ts';
import type { Effects } from './effects.ts';
import type { Events } from './events.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { Holds } from './holds.ts';
import type { Inbox } from './inbox.ts';
import type { TimesOfIncidents } from './incident-times.ts';
import type { Incidents } from './incidents.ts';
import type { Journal } from './journal.ts';
import type { KeptTexts } from './kept-texts.ts';
import type { Leases } from './leases.ts';
import type { Lists } from './lists.ts';
import type { LocalSessions } from './local-sessions.ts';
import type { Lowerings } from './lowerings.ts';
import type { MadeChanges } from './made.ts';
import type { KeptNotices } from './notices.ts';
import type { OverdueRuns } from './overdue.ts';
import type { People } from './people.ts';
import type { Pulls } from './pulls.ts';
import type { KeptQuestions } from './questions.ts';
import type { RecordLog } from './record.ts';
import type { Repeats } from './repeats.ts';
import type { Retention } from './retention.ts';
import type { Runs } from './runs.ts';
import type { Schedules } from './schedules.ts';
import type { Lines } from './search.ts';
import type { Sessions } from './sessions.ts';
import type { SetUps } from './set-up.ts';
import type { ShownRuns } from './shown-runs.ts';
import type { Sizes } from './size.ts';
import type { Storms } from './storms.ts';
import type { StuckRuns } from './stuck.ts';
import type { KeptSubscriptions } from './subscriptions.ts';
import type { Tokens } from './tokens.ts';
import type { Transcripts } from './transcripts.ts';
import type { UntoldSubscribers } from './untold.ts';
import type { WatchedThings } from './watched.ts';
import type { NumbersOfWorkflows } from './workflow-numbers.ts';

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
