import type { GeneratedAlways } from 'kysely';
import type { AnswersTable } from './answers.ts';
import type { AskedTable } from './asked/asked.ts';
import type { CallbacksTable } from './callbacks.ts';
import type { EffectsTable } from './changes/effects.ts';
import type { HoldsTable } from './changes/holds.ts';
import type { JournalTable } from './changes/journal.ts';
import type { Time } from './columns.ts';
import type { ConnectionsTable, DefaultConnectionsTable, RoutesTable } from './connections/connections.ts';
import type { ConsentsTable } from './connections/consents.ts';
import type { RemovedConnectionsTable, SetUpAdoptedTable, SetUpTable } from './connections/set-up.ts';
import type { HeartbeatsTable } from './events/heartbeats.ts';
import type { InboxTable } from './events/inbox.ts';
import type { IncidentsTable } from './events/incidents.ts';
import type { PullsTable } from './events/pulls.ts';
import type { RepeatsTable } from './events/repeats.ts';
import type { SchedulesTable } from './events/schedules.ts';
import type { KeptTextsTable } from './kept-texts.ts';
import type { NoticesTable } from './notices.ts';
import type { LinkCodesTable } from './people/link-codes.ts';
import type { PeopleTable } from './people/people.ts';
import type { FailedSignInsTable, SessionsTable } from './people/sessions.ts';
import type { TokensTable } from './people/tokens.ts';
import type { CheckpointsTable, LineColumns } from './record/record.ts';
import type { LoweredTriggersTable } from './runs/lowerings.ts';
import type { RunsTable } from './runs/runs.ts';
import type { TakeoversTable } from './runs/takeovers.ts';
import type { DeliveriesTable, SubscriptionsTable } from './subscriptions.ts';
import type { TranscriptsTable } from './transcripts.ts';
import type { DutiesTable, WatchedTable } from './watched.ts';

export interface Tables {
  inbox: InboxTable;
  /** How long each process holds the events that carry its name. */
  processes: { name: string; until: Time };
  incidents: IncidentsTable;
  runs: RunsTable;
  effects: EffectsTable;
  /** What each effect acts on. No two that are `open` have the same target. */
  effect_targets: { key: string; target: string; open: boolean };
  record_queue: LineColumns & { id: GeneratedAlways<number> };
  record: LineColumns & { seq: number; previous: string; hash: string };
  /** One row: the line that was linked last. */
  record_head: { seq: number; hash: string };
  record_checkpoints: CheckpointsTable;
  answers: AnswersTable;
  approvals: AskedTable;
  questions: AskedTable;
  /** One row: all events up to this number have been pruned, or are not old enough. */
  retention: { inbox_seq: number };
  connections: ConnectionsTable;
  routes: RoutesTable;
  default_connections: DefaultConnectionsTable;
  set_up: SetUpTable;
  set_up_adopted: SetUpAdoptedTable;
  removed_connections: RemovedConnectionsTable;
  /** One row: a number that grows with each change of those two. */
  connections_version: { version: number };
  consents: ConsentsTable;
  tokens: TokensTable;
  people: PeopleTable;
  link_codes: LinkCodesTable;
  journal: JournalTable;
  notices: NoticesTable;
  transcripts: TranscriptsTable;
  kept_texts: KeptTextsTable;
  lowered_triggers: LoweredTriggersTable;
  sessions: SessionsTable;
  failed_sign_ins: FailedSignInsTable;
  pulls: PullsTable;
  holds: HoldsTable;
  takeovers: TakeoversTable;
  /** What one of several processes does at a time. */
  duties: DutiesTable;
  schedules: SchedulesTable;
  heartbeats: HeartbeatsTable;
  watched: WatchedTable;
  subscriptions: SubscriptionsTable;
  deliveries: DeliveriesTable;
  callbacks: CallbacksTable;
  repeats: RepeatsTable;
  /** Events that tell of what an earlier one told by another way, and which one that is. */
  twins: { seq: number; first: number };
}
