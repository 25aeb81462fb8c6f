export type Disposition = 'dispatched' | 'duplicate' | 'ignored' | 'stale' | 'parked';
