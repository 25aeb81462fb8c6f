import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { longestText } from '../../store/kept-texts.ts';
import { backends } from './backends.ts';
import { fresh } from './world.ts';

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');
const secret = 'hunter2-of-ada';

describe.each(await backends())('a long text, on $name', ({ world }) => {
  const store = world.newStore({ secrets: [secret] });
  const read = async (subject: string, text: string) => store.readText(subject, digestOf(text));

  it('is kept once for each subject and digest, under its first title, and read by them', async () => {
    const [subject, other] = [fresh('Q'), fresh('Q')];
    const [one, two] = [`one of ${subject}`, `twö of ${subject}`];
    const kept = { digest: digestOf(two), title: 'Log', bytes: Buffer.byteLength(two), truncated: false };
    expect(await store.keepText(subject, { title: 'Body', text: one })).toMatchObject({ title: 'Body' });
    expect(await store.keepText(subject, { title: 'Log', text: two })).toEqual(kept);
    expect(await store.keepText(subject, { title: 'Again', text: two })).toEqual(kept);
    await store.keepText(other, { title: 'Elsewhere', text: two });

    const keptAt = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await read(subject, two)).toEqual({ ...kept, subject, keptAt, text: two });
    expect(await read(other, one)).toBeUndefined();
    expect(await store.subjectsOfText(digestOf(two))).toEqual([other, subject]);
    expect(await store.subjectsOfText(digestOf('none'))).toEqual([]);
    const first = await store.pageOfTexts({ subject, limit: 1 });
    expect(first).toEqual({ items: [{ ...kept, subject, keptAt }], next: expect.any(Number) });
    const second = await store.pageOfTexts({ subject, before: first.next, limit: 1 });
    expect(second.items).toMatchObject([{ title: 'Body', digest: digestOf(one) }]);
    expect(second).not.toHaveProperty('next');
  });

  it('holds no secret, nor its title, and what PostgreSQL takes in no text', async () => {
    const subject = fresh('Q');
    const text = `try ${secret}\0\uD800 {"password":"swordfish-4711"}`;
    await store.keepText(subject, { title: `By ${secret}\0`, text });
    const kept = await read(subject, text);
    expect(kept).toMatchObject({ title: 'By [secret]\uFFFD', bytes: Buffer.byteLength(text) });
    expect(kept?.text).toMatch(/^try \[secret\]\uFFFD\uFFFD \{"password":"/);
    expect(kept?.text).not.toContain('swordfish');
  });

  it('is cut where it is too long, and no half of a secret stays at the cut', async () => {
    const subject = fresh('Q');
    const most = 'x'.repeat(longestText);
    expect(await store.keepText(subject, { title: 'Most', text: most })).toMatchObject({ truncated: false });
    expect((await read(subject, most))?.text).toBe(most);

    const half = secret.length / 2;
    const begins = `first\n${'-'.repeat(longestText - 6 - half)}${secret}${'-'.repeat(100)}\nlast`;
    const ends = `first\n${'='.repeat(100)}${secret}${'='.repeat(longestText - 5 - half)}\nlast`;
    for (const [text, keepsEnd, shown] of [
      [begins, false, /^first\n-+$/],
      [ends, true, /^=+\nlast$/],
    ] as const) {
      const kept = await store.keepText(subject, { title: 'More', text, keepsEnd });
      expect(kept).toMatchObject({ truncated: true, bytes: text.length, digest: digestOf(text) });
      const found = (await read(subject, text))?.text ?? '';
      expect(shown.test(found)).toBe(true);
      expect(found.length).toBeGreaterThan(longestText * 0.98);
    }
    const part = await store.keepText(subject, { title: 'Part', text: 'a part', truncated: true });
    expect(part?.truncated).toBe(true);
  }, 30_000);

  it('is refused where so much is kept of its subject, but that which is kept already', async () => {
    const subject = fresh('Q');
    await store.keepText(subject, { title: 'First', text: 'first' });
    for (let count = 1; count <= 16; count += 1)
      await world.run(`insert into kept_texts (subject, digest, title, text, bytes, truncated)
        values ('${subject}', 'filler-${count}', 'Filler', repeat('x', 4 * 1024 * 1024 - 1), 1, false)`);
    expect(await store.keepText(subject, { title: 'More', text: 'more than fits' })).toBeUndefined();
    expect(await store.keepText(subject, { title: 'First', text: 'first' })).toMatchObject({ bytes: 5 });
    expect(await store.keepText(fresh('Q'), { title: 'More', text: 'more than fits' })).toBeDefined();
    await world.run(`delete from kept_texts where subject = '${subject}'`);
  }, 30_000);

  it('is lost when it was kept for long enough, but not while a run of its subject lives', async () => {
    const [old, again, live, ofRun, young] = [fresh('Q'), fresh('Q'), fresh('Q'), fresh('t/'), fresh('Q')];
    const keep = (subject: string) => store.keepText(subject, { title: 'Log', text: 'the log' });
    for (const subject of [old, again, live, ofRun]) await keep(subject);
    await world.run(`update kept_texts set kept_at = now() - interval '31 days'`);
    await keep(again);
    await keep(young);
    for (const [id, subject] of [
      [fresh('t/'), live],
      [ofRun, fresh('Q')],
    ])
      await world.run(`insert into runs (id, trigger, workflow, subject, target, event_seq, state)
        values ('${id}', 't', 'w', '${subject}', 'x', 1, 'running')`);
    const digest = digestOf('the log');
    let texts = 0;
    for (let step = await store.prune({ days: 30 }); step.texts > 0; step = await store.prune({ days: 30 }))
      texts += step.texts;
    expect(texts).toBeGreaterThanOrEqual(1);
    expect((await store.subjectsOfText(digest)).toSorted()).toEqual([again, live, ofRun, young].toSorted());
    await world.run(`update runs set state = 'completed', ended_at = now() where id = '${ofRun}'`);
    expect(await store.prune({ days: 30 })).toMatchObject({ texts: 1 });
    expect(await store.readText(ofRun, digest)).toBeUndefined();
  });
});
