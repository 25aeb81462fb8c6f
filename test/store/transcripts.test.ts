import { describe, expect, it } from 'vitest';
import type { Transcript } from '../../domain/transcript.ts';
import { backends } from './backends.ts';
import { fresh } from './world.ts';

const said = (markdown: string, changes: Partial<Transcript> = {}): Transcript => ({
  room: 'https://slack.example/archives/C0ROOM',
  digest: fresh('digest-'),
  messages: 1,
  people: 1,
  markdown,
  truncated: false,
  ...changes,
});

describe.each(await backends())('what was said in rooms, on $name', ({ world }) => {
  const store = world.newStore({ secrets: ['hunter2-of-ada'] });

  it('is kept for its incident, the newest first, once for each digest', async () => {
    const subject = fresh('Q');
    const [first, second] = [said('- **Ada**: hello'), said('- **Ada**: it is back')];
    for (const each of [first, second, first]) await store.keepTranscript(subject, each);
    await store.keepTranscript(fresh('Q'), said('- **Ben**: elsewhere'));
    const keptAt = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await store.transcriptsOf(subject, 10)).toEqual([
      { ...second, keptAt },
      { ...first, keptAt },
    ]);
    expect(await store.transcriptsOf(subject, 1)).toHaveLength(1);
  });

  it('holds no secret and no more than it may, and says that it is cut', async () => {
    const subject = fresh('Q');
    await store.keepTranscript(subject, said(`- **Ada**: try hunter2-of-ada\n${'é'.repeat(100_000)}\0`));
    const [kept] = await store.transcriptsOf(subject, 1);
    expect(kept?.markdown).toMatch(/^- \*\*Ada\*\*: try \[secret\]\né+$/);
    expect(kept?.markdown).toHaveLength(64 * 1024);
    expect(kept?.truncated).toBe(true);
  });

  it('is lost when it has been kept for long enough', async () => {
    const [old, young] = [fresh('Q'), fresh('Q')];
    for (const subject of [old, young]) await store.keepTranscript(subject, said('- **Ada**: hello'));
    await world.run(`update transcripts set kept_at = now() - interval '31 days' where subject = '${old}'`);
    expect(await store.prune({ days: 30 })).toMatchObject({ transcripts: 1 });
    expect(await store.transcriptsOf(old, 1)).toEqual([]);
    expect(await store.transcriptsOf(young, 1)).toHaveLength(1);
  });
});
