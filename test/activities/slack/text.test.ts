import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelName, codeBlock, cut, escapeSlack, pieces } from '../../../activities/slack/text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 400 });
const hostile = fc
  .array(fc.constantFrom('&', '<', '>', '<!channel>', '`', '```', '\n', 'ab', '\uD83D', '😀', '&amp;'))
  .map((parts) => parts.join(''));
/** Entities that are whole, and nothing that could be one and is not. */
const wellEscaped = /^(?:[^&<>]|&(?:amp|lt|gt);)*$/;

describe('texts for Slack', () => {
  it('hold no bare control character of Slack, and say what was meant', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, hostile), (text) => {
        const escaped = escapeSlack(text);
        expect(escaped).toMatch(wellEscaped);
        const shown = escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
        expect(shown).toBe(text.toWellFormed().replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, ''));
      }),
    );
  });

  it('are cut after escaping, never in half an entity or half a character', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 60 }), (text, max) => {
        const short = cut(escapeSlack(text), max);
        expect(short.length).toBeLessThanOrEqual(max);
        expect(short).toMatch(wellEscaped);
        expect(short.isWellFormed()).toBe(true);
      }),
    );
  });

  it('are split into pieces that are each fit for a text object', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 800 }), (text, times) => {
        for (const piece of pieces(escapeSlack(text.repeat(times)))) {
          expect(piece.length).toBeLessThanOrEqual(3000);
          expect(piece).toMatch(wellEscaped);
        }
      }),
    );
  });

  it('stay inside a block of code', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 400 }), (text, times) => {
        const block = codeBlock(text.repeat(times));
        expect(block.length).toBeLessThanOrEqual(3000);
        expect(block.slice(3, -3)).not.toContain('```');
        expect(block.slice(3, -3)).toMatch(wellEscaped);
      }),
    );
  });

  it('make channel names that Slack takes', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), (title, number) => {
        expect(channelName(number, title)).toMatch(new RegExp(`^inc-${number}(-[a-z0-9]+)*$`));
        expect(`${channelName(number, title)}-9`.length).toBeLessThanOrEqual(80);
      }),
    );
  });
});
