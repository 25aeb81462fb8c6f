import { type Answer, ask } from './door.ts';

/** What a browser does about cookies and redirects, for one person. */
export interface Browser {
  /** By host and port and name: browsers part them by host alone, and a provider and Baton share none in the field. */
  jar: Map<string, string>;
  /** The `Set-Cookie` headers as they came. */
  cookies: string[];
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  send(url: string, init: RequestInit): Promise<Answer>;
  /** Follows redirects until there is none, or until one leads to what `until` says. Gives the last address and its answer. */
  follow(url: string, until?: (url: string) => boolean): Promise<{ url: string; answer: Answer | undefined }>;
}

export function newBrowser(): Browser {
  const jar = new Map<string, string>();
  const cookies: string[] = [];
  async function send(url: string, init: RequestInit): Promise<Answer> {
    const { origin } = new URL(url);
    const own = [...jar].flatMap(([key, value]) =>
      key.startsWith(`${origin} `) ? [`${key.slice(origin.length + 1)}=${value}`] : [],
    );
    const headers = {
      ...(own.length > 0 ? { cookie: own.join('; ') } : {}),
      ...(init.headers as Record<string, string>),
    };
    const answer = await ask(url, { ...init, headers });
    for (const header of answer.headers.getSetCookie()) {
      cookies.push(header);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      const isGone = /max-age=0\b|expires=Thu, 01 Jan 1970/i.test(header);
      if (isGone) jar.delete(`${origin} ${name}`);
      else jar.set(`${origin} ${name}`, value);
    }
    return answer;
  }
  const get = (url: string, headers: Record<string, string> = {}) => send(url, { headers });
  return {
    jar,
    cookies,
    get,
    send,
    async follow(start, until = () => false) {
      for (let url = start; ; ) {
        if (until(url)) return { url, answer: undefined };
        const answer = await get(url);
        const next = answer.headers.get('location');
        if (next === null) return { url, answer };
        url = new URL(next, url).href;
      }
    },
  };
}
