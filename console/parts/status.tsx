import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'red' | 'amber' | 'green' | 'blue' | 'grey' | 'needs';

interface Look {
  tone: Tone;
  icon: IconName;
  /** Left out: the state's own name. */
  word?: string;
}

/** How each state looks: icon, word and colour, so that none of them alone has to be seen. */
const looks: Readonly<Record<string, Look>> = {
  triggered: { tone: 'red', icon: 'alert', word: 'Triggered' },
  acknowledged: { tone: 'amber', icon: 'hand', word: 'Acknowledged' },
  resolved: { tone: 'green', icon: 'check', word: 'Resolved' },
  starting: { tone: 'blue', icon: 'play', word: 'Starting' },
  running: { tone: 'blue', icon: 'play', word: 'Running' },
  waiting: { tone: 'amber', icon: 'pause', word: 'Waiting' },
  parked: { tone: 'red', icon: 'pause', word: 'Parked' },
  'stands still': { tone: 'red', icon: 'pause', word: 'Stands still' },
  retrying: { tone: 'amber', icon: 'hand', word: 'Retrying' },
  completed: { tone: 'green', icon: 'check', word: 'Completed' },
  done: { tone: 'green', icon: 'check', word: 'Done' },
  failed: { tone: 'red', icon: 'cross', word: 'Failed' },
  'timed out': { tone: 'red', icon: 'cross', word: 'Timed out' },
  cancelled: { tone: 'grey', icon: 'dash', word: 'Cancelled' },
  pending: { tone: 'amber', icon: 'hand', word: 'Pending' },
  approved: { tone: 'green', icon: 'check', word: 'Approved' },
  refused: { tone: 'red', icon: 'cross', word: 'Refused' },
  expired: { tone: 'grey', icon: 'dash', word: 'Expired' },
  superseded: { tone: 'grey', icon: 'dash', word: 'Superseded' },
  withdrawn: { tone: 'grey', icon: 'dash', word: 'Withdrawn' },
  open: { tone: 'blue', icon: 'play', word: 'Under way' },
  unknown: { tone: 'red', icon: 'question', word: 'Outcome unknown' },
  matched: { tone: 'green', icon: 'check', word: 'Yes' },
  yes: { tone: 'green', icon: 'check', word: 'Yes' },
  joined: { tone: 'blue', icon: 'link', word: 'Joined' },
  no: { tone: 'grey', icon: 'dash', word: 'No' },
  dispatched: { tone: 'green', icon: 'check', word: 'Dispatched' },
  ignored: { tone: 'grey', icon: 'dash', word: 'Ignored' },
  duplicate: { tone: 'grey', icon: 'equals', word: 'Duplicate' },
  stale: { tone: 'grey', icon: 'dash', word: 'Stale' },
  auto: { tone: 'green', icon: 'play', word: 'Auto' },
  approve: { tone: 'blue', icon: 'hand', word: 'Approve' },
  propose: { tone: 'blue', icon: 'hand', word: 'Propose' },
  observe: { tone: 'grey', icon: 'eye', word: 'Observe' },
  off: { tone: 'grey', icon: 'dash', word: 'Off' },
  confirmed: { tone: 'green', icon: 'check', word: 'Confirmed' },
  accepted: { tone: 'amber', icon: 'hand', word: 'Accepted, not confirmed' },
  rejected: { tone: 'red', icon: 'cross', word: 'Rejected' },
  unverified: { tone: 'amber', icon: 'question', word: 'Unverified' },
  simulated: { tone: 'blue', icon: 'eye', word: 'Simulated' },
  planned: { tone: 'blue', icon: 'circle', word: 'Planned' },
  unchanged: { tone: 'grey', icon: 'equals', word: 'Unchanged' },
  asked: { tone: 'amber', icon: 'question', word: 'Asked' },
  said: { tone: 'grey', icon: 'quote', word: 'Said' },
  started: { tone: 'blue', icon: 'play', word: 'Started' },
  ended: { tone: 'green', icon: 'check', word: 'Ended' },
  answered: { tone: 'green', icon: 'check', word: 'Answered' },
};

const lookOf = (state: string): Look => looks[state] ?? { tone: 'grey', icon: 'dot' };

export const toneOf = (state: string): Tone => lookOf(state).tone;

/** A state as icon, word and colour. */
export function Status({ state, word }: { state: string; word?: string | undefined }) {
  const look = lookOf(state);
  return (
    <Mark tone={look.tone} icon={look.icon}>
      {word ?? look.word ?? state}
    </Mark>
  );
}

/** The same for what is no state of its own. */
export function Mark({ tone, icon, children }: { tone: Tone; icon: IconName; children: ComponentChildren }) {
  return (
    <span class={`status ${tone}`}>
      <Icon name={icon} size={14} />
      <span>{children}</span>
    </span>
  );
}
