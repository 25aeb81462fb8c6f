/** How the command ends: 0 done, else one of these. */
export const exits = {
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 5,
  interrupted: 130,
} as const;

interface Explanation {
  why?: string;
  /** What the reader can do now. */
  next?: string;
  exit?: (typeof exits)[keyof typeof exits];
}

/** An error that is told to a person: what, why, what next. No stack is shown. */
export class CliFailure extends Error {
  override name = 'CliFailure';
  readonly why: string | undefined;
  readonly next: string | undefined;
  readonly exit: number;

  constructor(what: string, { why, next, exit = exits.failed }: Explanation = {}) {
    super(what);
    this.why = why;
    this.next = next;
    this.exit = exit;
  }
}
