/**
 * The store cannot be reached, or did not answer in time. What was asked may or may not have happened. `busy`: this one statement
 * lost against others, and the store is well; `full`, `read-only`: it can be read, and nothing can be stored.
 */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
  readonly kind: 'away' | 'busy' | 'full' | 'read-only';
  /** An outage has been told of which this is a part: whoever meets it need not tell it again. */
  told = false;

  constructor(message: string, kind: StoreUnavailable['kind'] = 'away') {
    super(message);
    this.kind = kind;
  }
}
