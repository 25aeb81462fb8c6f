import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../domain/rights.ts';

/** Who sends a request. Throws a `Refusal` (401) where that cannot be told. */
export type Authenticate = (request: IncomingMessage) => Promise<Principal>;
