import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Principal } from '../../domain/rights.ts';
import { entry, fresh } from '../store/world.ts';
import { openApi, serve } from './served.ts';

const { served, store, world } = await openApi();

interface Heard {
  id: number;
  event: string | undefined;
  data: { seq: number; subject: string; action: string };
}

describe('the stream', () => {
  const write = async (subject: string, action = 'run.said') => {
    await store.append([entry({ subject, action })]);
    while ((await store.seal()) > 0);
    return (await store.head()).seq;
  };

  /** A stream that is read, until it ends or is left. */
  async function listen(
    query = '',
    { token = 'viewer', lastId, url = served.url }: { token?: string; lastId?: number; url?: string } = {},
  ) {
    const leaving = new AbortController();
    onTestFinished(() => leaving.abort());
    const response = await fetch(`${url}/api/v1/stream${query}`, {
      signal: leaving.signal,
      headers: {
        authorization: `Bearer ${token}`,
        ...(lastId === undefined ? {} : { 'last-event-id': String(lastId) }),
      },
    });
    const heard: Heard[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    let isOver = false;
    let news = Promise.withResolvers<void>();
    void (async () => {
      let text = '';
      const decoder = new TextDecoder();
      try {
        for await (const chunk of response.body ?? []) {
          text += decoder.decode(chunk, { stream: true });
          const blocks = text.split('\n\n');
          text = blocks.pop() ?? '';
          for (const block of blocks) {
            const fields = new Map(
              block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]),
            );
            if (fields.has('data'))
              heard.push({
                id: Number(fields.get('id')),
                event: fields.get('event'),
                data: JSON.parse(fields.get('data') ?? ''),
              });
          }
          news.resolve();
          news = Promise.withResolvers<void>();
        }
      } catch {
        // It was cut.
      }
      isOver = true;
      resolve();
      news.resolve();
    })();
    return {
      response,
      heard,
      ended,
      leave: () => leaving.abort(),
      async until(holds: () => boolean) {
        while (!holds()) {
          if (isOver) throw new Error('The stream has ended');
          await news.promise;
        }
      },
    };
  }

  it('tells each new line once, with its number, and no more of it than a viewer may see', async () => {
    const stream = await listen();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    const subject = fresh('Q');
    const seqs = [await write(subject), await write(subject, 'tokens.created'), await write(subject)];
    await stream.until(() => stream.heard.length >= 2);
    expect(stream.heard.map(({ id }) => id)).toEqual([seqs[0], seqs[2]]);
    expect(Object.keys(stream.heard[0]?.data ?? {}).sort()).toEqual([
      'action',
      'actor',
      'at',
      'seq',
      'subject',
    ]);
  });

  it('tells of one subject alone where asked to', async () => {
    const subject = fresh('Q');
    const stream = await listen(`?subject=${subject}`);
    await write(fresh('Q'));
    const seq = await write(subject);
    await stream.until(() => stream.heard.length > 0);
    expect(stream.heard.map(({ id }) => id)).toEqual([seq]);
  });

  it('goes on after the last line that was heard, and loses and repeats none', async () => {
    const first = await listen();
    const subject = fresh('Q');
    const start = await write(subject);
    await first.until(() => first.heard.length >= 1);
    first.leave();
    // More than one look finds at once.
    await store.append(Array.from({ length: 1_200 }, () => entry({ subject, action: 'run.said' })));
    while ((await store.seal()) > 0);
    const again = await listen('', { lastId: start });
    const last = await write(subject);
    await again.until(() => again.heard.at(-1)?.id === last);
    expect(again.heard.map(({ id }) => id)).toEqual(
      Array.from({ length: last - start }, (_, index) => start + 1 + index),
    );
  }, 20_000);

  it('says so where it cannot go on from there', async () => {
    const other = await listen('');
    const seq = await write(fresh('Q'));
    await other.until(() => other.heard.at(-1)?.id === seq);
    const stream = await listen('?after=999999999');
    await stream.until(() => stream.heard.length > 0);
    expect(stream.heard[0]).toMatchObject({ event: 'resync', id: seq });
  });

  it('keeps to the services of its token', async () => {
    const [mine, other] = [fresh('Q'), fresh('Q')];
    await world.run(`insert into incidents (id, status, seen_at, service)
      values ('${mine}', 'triggered', now(), 'PMINE'), ('${other}', 'triggered', now(), 'POTHER')`);
    served.principals.set('limited', {
      kind: 'token',
      name: 'l',
      role: 'admin',
      scope: { services: ['PMINE'] },
    });
    const stream = await listen('', { token: 'limited' });
    await write(other);
    const seq = await write(mine);
    await stream.until(() => stream.heard.length > 0);
    expect(stream.heard.map(({ id }) => id)).toEqual([seq]);
  });

  it('keeps to the services of one account, whose incidents have ids with slashes', async () => {
    const id = fresh('Q');
    await world.run(`insert into incidents (id, status, seen_at, service)
      values ('eu/${id}', 'triggered', now(), 'eu/PTWO'), ('${id}', 'triggered', now(), 'PTWO')`);
    const scope = { services: ['eu/PTWO'] };
    served.principals.set('of-eu', { kind: 'token', name: 'e', role: 'responder', scope });
    const stream = await listen('', { token: 'of-eu' });
    const alone = await listen(`?subject=eu/${id}`);
    await write(id);
    const seq = await write(`eu/${id}`);
    for (const { until, heard } of [stream, alone]) {
      await until(() => heard.length > 0);
      expect(heard.map(({ id: place, data }) => [place, data.subject])).toEqual([[seq, `eu/${id}`]]);
    }
  });

  it('is refused to nobody, to workflows and to what it does not know', async () => {
    const status = async (path: string, token: string | null) =>
      (await served.ask('GET', `/api/v1/stream${path}`, { token })).status;
    served.principals.set('workflows', {
      kind: 'token',
      name: 'w',
      role: 'admin',
      scope: { workflows: ['a'] },
    });
    expect(await status('', null)).toBe(401);
    expect(await status('', 'workflows')).toBe(403);
    expect(await status('?after=x', 'viewer')).toBe(400);
    expect(await status('?limit=3', 'viewer')).toBe(400);
  });

  const made = (name: string): Principal => {
    const principal: Principal = { kind: 'token', name, role: 'viewer' };
    served.principals.set(name, principal);
    return principal;
  };

  it('is open twenty times for one and the same, and beside them for others', async () => {
    const [many, other] = [made(fresh('many-')).name, made(fresh('other-')).name];
    const open = await Promise.all(Array.from({ length: 30 }, () => listen('', { token: many })));
    const statuses = open.map(({ response }) => response.status);
    expect([200, 429].map((wanted) => statuses.filter((status) => status === wanted).length)).toEqual([
      20, 10,
    ]);
    const refused = await served.ask('GET', '/api/v1/stream', { token: many });
    expect([refused.status, refused.json.detail, Number(refused.headers.get('retry-after'))]).toEqual([
      429,
      expect.stringContaining('Close one'),
      10,
    ]);
    expect((await listen('', { token: other })).response.status).toBe(200);
    const first = open.find(({ response }) => response.ok);
    first?.leave();
    await first?.ended;
    // The server hears of it a moment later.
    while ((await listen('', { token: many })).response.status !== 200);
  });

  it('ends with the right to it, before it tells anything that came after', async () => {
    const { name } = made(fresh('gone-'));
    const [gone, other] = [await listen('', { token: name }), await listen()];
    served.principals.delete(name);
    await store.append([
      entry({ action: 'operation.done' }),
      entry({ action: 'run.said', subject: fresh('Q') }),
    ]);
    while ((await store.seal()) > 0);
    await other.until(() => other.heard.length > 0);
    await gone.ended;
    expect(gone.heard).toEqual([]);
  });

  it('ends within 5 s where no line tells that the right to it has ended', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const there = await serve(store);
    onTestFinished(() => there.close());
    there.principals.set('expires', { kind: 'token', name: 'expires', role: 'viewer' });
    const [expiring, other] = [
      await listen('', { token: 'expires', url: there.url }),
      await listen('', { url: there.url }),
    ];
    there.principals.delete('expires');
    await vi.advanceTimersByTimeAsync(5_000);
    await expiring.ended;
    const seq = await write(fresh('Q'));
    await other.until(() => other.heard.at(-1)?.id === seq);
  });

  it('cuts a reader that takes nothing, and goes on for the others', async () => {
    const { port } = new URL(served.url);
    const slow = connect(Number(port), '127.0.0.1');
    onTestFinished(() => void slow.destroy());
    slow.on('error', () => undefined);
    const cut = new Promise<void>((resolve) => slow.once('close', () => resolve()));
    slow.write('GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n\r\n');
    await new Promise((resolve) => slow.once('data', resolve));
    slow.pause();
    const stream = await listen();
    const long = 'x'.repeat(290);
    let last = 0;
    let isCut = false;
    void cut.then(() => {
      isCut = true;
    });
    // What the two kernels hold for a reader is some megabytes.
    for (let round = 0; round < 60 && !isCut; round += 1) {
      await store.append(
        Array.from({ length: 500 }, () => entry({ subject: long, actor: long, action: 'run.said' })),
      );
      while ((await store.seal()) > 0);
      last = (await store.head()).seq;
      await stream.until(() => stream.heard.at(-1)?.id === last);
      // A paused socket sees its end only when it reads on.
      if (served.log.some((line) => line.includes('A reader of the stream'))) {
        slow.resume();
        await cut;
      }
    }
    expect(isCut).toBe(true);
    const seq = await write(fresh('Q'));
    await stream.until(() => stream.heard.at(-1)?.id === seq);
  }, 60_000);
});
