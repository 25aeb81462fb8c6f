import type { IncomingMessage } from 'node:http';

/** How cookies are set: `secure` over https, where the browser then also sees to it that no other host has set them. */
export interface CookieKind {
  secure: boolean;
}

/** Browsers take the prefix only with `Secure`, and that only over https. */
export const cookieName = (name: string, { secure }: CookieKind): string =>
  secure ? `__Host-${name}` : name;

/** The value of a `Set-Cookie` header. Without a life in seconds it goes with the browser. */
export function setCookie(name: string, value: string, kind: CookieKind, seconds?: number): string {
  const parts = [`${cookieName(name, kind)}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax'];
  if (kind.secure) parts.push('Secure');
  if (seconds !== undefined) parts.push(`Max-Age=${seconds}`);
  return parts.join('; ');
}

export const clearCookie = (name: string, kind: CookieKind): string => setCookie(name, '', kind, 0);

/** The value of a cookie. Where it came more than once somebody has put one there: it counts as none. */
export function readCookie(request: IncomingMessage, name: string, kind: CookieKind): string | undefined {
  const start = `${cookieName(name, kind)}=`;
  const found = (request.headers.cookie ?? '').split(';').flatMap((part) => {
    const cookie = part.trim();
    return cookie.startsWith(start) ? [cookie.slice(start.length)] : [];
  });
  return found.length === 1 ? found[0] : undefined;
}
