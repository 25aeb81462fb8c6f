import type { IncomingMessage } from 'node:http';
import { checkContentType } from '../receiving/body.ts';
import { Refusal } from '../refusal.ts';

const safe: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A browser sends the cookie along whoever made it send the request. What changes something must come from a page of our own, as the
 * browser itself says (`Sec-Fetch-Site`, or in older ones `Origin`), and be JSON, which no form can send. `origin` is ours, as people
 * reach it. Throws a 403 or 415.
 */
export function checkSameOrigin(request: IncomingMessage, origin: string): void {
  const method = request.method ?? '';
  if (safe.includes(method)) return;
  const site = request.headers['sec-fetch-site'];
  const from = request.headers.origin;
  const isOurs = site === undefined ? from === origin : site === 'same-origin';
  if (!isOurs)
    throw new Refusal(
      403,
      'From another page',
      'This request carries a session and does not come from Baton’s own page, so nothing was done. Programs send a token instead: Authorization: Bearer …',
    );
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody || method !== 'DELETE') checkContentType(request, 'application/json');
}
