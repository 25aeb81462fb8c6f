import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jiraText, toAdf } from '../../../activities/jira/adf.ts';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { oneLine } from '../../../activities/jira/input.ts';
import { startSite } from './site.ts';

interface Node {
  type: string;
  text?: string;
  content?: Node[];
  marks?: { type: string; attrs: { href: string } }[];
}

const nodesOf = (node: Node): Node[] => [node, ...(node.content ?? []).flatMap(nodesOf)];
const documentOf = (input: unknown) => toAdf(jiraText.parse(input)) as unknown as Node;
const textsOf = (document: Node) =>
  nodesOf(document)
    .filter(({ type }) => type === 'text')
    .map(({ text }) => text ?? '');

/** Any text, with what tends to break documents in it more often than by chance. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\n',
        '\n\n',
        ' ',
        '\r\n',
        '\t',
        '\u0000',
        '\u001b[31m',
        '\ud800',
        '{code}',
        '[x|y]',
        '*b*',
        '😀',
      ),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

describe('a text for Jira', () => {
  it('is a document that Jira takes, whatever is in it', () => {
    fc.assert(
      fc.property(
        hostile,
        fc.array(
          fc.record({ text: hostile.filter((text) => text !== ''), url: fc.oneof(hostile, fc.webUrl()) }),
          {
            maxLength: 3,
          },
        ),
        hostile,
        (text, links, code) => {
          const nodes = nodesOf(documentOf({ text, links, code }));
          for (const node of nodes) {
            expect(['doc', 'paragraph', 'text', 'hardBreak', 'codeBlock']).toContain(node.type);
            if (node.type === 'text') expect(node.text).not.toBe('');
            expect((node.text ?? '').isWellFormed()).toBe(true);
            expect(node.text ?? '').not.toMatch(/[^\P{Cc}\n\t]/u);
            for (const { attrs } of node.marks ?? []) expect(attrs.href).toMatch(/^https?:\/\/\S+$/i);
          }
        },
      ),
    );
  });

  it('says all that it was given, letter by letter', () => {
    const text = '*bold* {code}x{code} [click|https://evil.example] <script> @here ~acc-ada';
    expect(textsOf(documentOf({ text }))).toEqual([text]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://x', '//x', 'https://a b', 'https://'])(
    'shows %s as text, not as a link',
    (url) => {
      const document = documentOf({ links: [{ text: 'press', url }] });
      expect(nodesOf(document).some(({ marks }) => marks)).toBe(false);
      expect(textsOf(document)).toEqual([`press: ${url}`]);
    },
  );

  it('is an empty paragraph where there is nothing to say', () => {
    expect(documentOf({ text: ' \n\n ', code: '\n' })).toEqual({
      type: 'doc',
      version: 1,
      content: [{ type: 'paragraph', content: [] }],
    });
  });

  it('keeps the end of a code that is too long beside the text', () => {
    const document = documentOf({ text: 'a'.repeat(10_000), code: `start${'x'.repeat(29_000)}the end` });
    const texts = textsOf(document);
    expect(texts.join('').length).toBeLessThanOrEqual(32_000);
    expect(texts[1]).toMatch(/the end$/);
    expect(texts[1]).not.toContain('start');
  });

  it('goes to Jira whole', async () => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, {
      incidentId: 'Q1ABC',
      summary: `"; DROP\r\n*x* \u001b[31m${'😀'.repeat(200)}`,
      text: '\n\n\u0000\n\n<b>\n\nh1. {panel}',
      code: '```\u0007```',
    });
    const [issue] = simulator.world.issues;
    expect(issue?.fields.summary).toMatch(/^"; DROP \*x\* \[31m😀+…$/u);
    expect(textsOf(issue?.fields.description as Node)).toEqual(['<b>', 'h1. {panel}', '``````']);
  });
});

describe('a summary', () => {
  it('is one line of 1 to 255 characters, none of them cut in half', () => {
    fc.assert(
      fc.property(fc.tuple(hostile, hostile, hostile), (parts) => {
        const summary = oneLine.parse(`x${parts.join('😀'.repeat(60))}`);
        expect(summary.length).toBeLessThanOrEqual(255);
        expect(summary).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        expect(summary).toBe(summary.trim());
      }),
    );
  });
});
