/** How the command ends: 0 done, else one of these. */
export const exits = {
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  timedOut: 8,
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

/** By the status of a refusal. For all others, as 429 and 503, it may be asked again: failed. */
const exitOf: Record<number, (typeof exits)[keyof typeof exits]> = {
  400: exits.usage,
  401: exits.notAllowed,
  403: exits.notAllowed,
  404: exits.notFound,
  408: exits.timedOut,
  409: exits.conflict,
  413: exits.usage,
  415: exits.usage,
  422: exits.usage,
  431: exits.usage,
  504: exits.timedOut,
};

/** A refusal as the command tells it. */
export const failureOf = ({ status, message }: { status: number; message: string }): CliFailure =>
  new CliFailure(asCommands(message), { exit: exitOf[status] ?? exits.failed });

/** Refusals name the operation that tells more, as programs ask for it. At the keyboard it is a command: `baton runs list tells …`. */
const asCommands = (message: string) =>
  message.replaceAll(/\b([a-z]+)\.(list|show|holds)(?= tells?\b)/g, 'baton $1 $2');
