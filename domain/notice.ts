/** Something that a person is to be told by direct message. */
export interface Notice {
  /** The incident, as people name it: `#4211`. */
  about: string;
  text: string;
  links: { text: string; url: string }[];
}

/** A person is told something so seldom: what comes meanwhile is gathered into one message. */
export const noticeMilliseconds = 60_000;

/** What people are still to be told. A `person` is a user of Slack, with the connection (`subjectOf`). */
export interface Notices {
  /** What this person has not been told, of runs that have not ended, oldest first; and when they were last told something. */
  untoldNotices(person: string): Promise<{ notices: Notice[]; lastToldAt?: string }>;
  /** The same, which are about to be told by the effect with this key. One at a time does so. */
  claimNotices(person: string, key: string): Promise<Notice[]>;
  /** What this effect has claimed was told. `at`: by Temporal's clock, which the runs go by. */
  toldNotices(person: string, key: string, at: string): Promise<void>;
}
