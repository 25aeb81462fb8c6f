/** A text that Baton keeps outside of a run, by reference: a run's history has room for little. */
export interface KeptText {
  /** SHA-256 of the whole text as it was given, before secrets were masked and it was cut: what it is read by. */
  digest: string;
  /** Of the whole text, in UTF-8. */
  bytes: number;
  /** What it is: `Log of shop/carts-0`. */
  title: string;
  /** What is kept is only a part of it. */
  truncated: boolean;
  /** Where it can be read over HTTP, where Baton's own address is known. */
  url?: string | undefined;
}

/** What is to be kept. */
export interface TextToKeep {
  title: string;
  text: string;
  /** There was more than this text has. */
  truncated?: boolean;
  /** Of one that is too long the end is kept. Left out: the beginning. */
  keepsEnd?: boolean;
}

/** Where it is read, for people: `baton texts show 0a1b…`, and its address where that is known. */
export const whereKept = ({ digest, url }: Pick<KeptText, 'digest' | 'url'>): string =>
  `baton texts show ${digest}${url === undefined ? '' : ` or ${url}`}`;

/** Said beside a part of a text that is kept. */
export const wholeKept = (kept: KeptText): string =>
  `${kept.truncated ? 'More of it' : `All of it (${sizeInWords(kept.bytes)})`} is kept: ${whereKept(kept)}`;

/** `12 KB`, `1.5 MB`. */
export const sizeInWords = (bytes: number): string =>
  bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
