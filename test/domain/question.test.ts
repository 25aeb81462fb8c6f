import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerForm, answerLines, fieldsOf, problemOf, readAnswer } from '../../domain/question.ts';
import { hostile } from '../fixtures/hostile-texts.ts';
import { impact, regions } from '../store/question.ts';

const read = (form: AnswerForm, given: Parameters<typeof readAnswer>[1]) => readAnswer(form, given);

describe('an answer', () => {
  it('is read as its fields say, whether it was typed, chosen or sent as JSON', () => {
    const values = { seen: 'error 500', users: 41, isPublic: false, area: 'search' };
    expect(read(impact, values)).toEqual({ values });
    const typed = { seen: ' error 500 ', users: '41', isPublic: 'no', area: 'search' };
    expect(read(impact, typed)).toEqual({ values });
    expect(read(regions, { choice: 'eu-west-1' })).toEqual({ values: { choice: 'eu-west-1' } });
  });

  it('that does not fit says what is wrong, field by field', () => {
    expect(read(impact, { users: '4.5', isPublic: 'perhaps', area: 'mail', more: 'x' })).toEqual({
      problems: {
        seen: 'is needed',
        users: 'must be a whole number',
        isPublic: 'must be yes or no',
        area: 'must be one of checkout, search',
        more: 'is no input of it: seen, users, isPublic, area',
      },
    });
    expect(read(impact, { seen: 'x'.repeat(201), isPublic: true })).toEqual({
      problems: { seen: 'has 201 characters, and takes 200' },
    });
    expect(read(regions, { choice: 'us-east-1' })).toMatchObject({ problems: { choice: /./ } });
    expect(read(regions, {})).toEqual({ problems: { choice: 'is needed' } });
  });

  it.each(['constructor', '__proto__', 'toString', 'maybe'])('is no yes or no: %s', (isPublic) => {
    expect(read(impact, { seen: 'x', isPublic })).toMatchObject({ problems: { isPublic: /./ } });
  });

  it('of whatever text is an answer of the form, or none', () => {
    const given = fc.dictionary(
      fc.oneof(fc.constantFrom('seen', 'users', 'isPublic', 'area', 'choice', '__proto__'), hostile),
      fc.oneof(hostile, fc.integer(), fc.boolean()),
    );
    fc.assert(
      fc.property(given, fc.constantFrom<AnswerForm>(impact, regions), (texts, form) => {
        const answer = read(form, texts);
        if ('problems' in answer) {
          expect(Object.keys(answer.problems)).not.toEqual([]);
          return;
        }
        const names = fieldsOf(form).map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(Object.keys(answer.values)));
        expect(answerLines(form, answer).length).toBeGreaterThan(0);
      }),
    );
  });

  it('is told by the words of the question', () => {
    expect(answerLines(regions, { values: { choice: 'eu-central-1' } })).toEqual(['Frankfurt']);
    expect(answerLines(impact, { values: { seen: 'error 500', isPublic: true } })).toEqual([
      'What do customers see?: error 500',
      'Is it known outside?: yes',
    ]);
  });
});

describe('a question', () => {
  it('that people can answer has no problem', () => {
    for (const form of [regions, impact]) expect(problemOf({ summary: 'What now?', form })).toBeUndefined();
  });

  it('without words is none, and one of a page is too long', () => {
    for (const summary of ['', ' \n', 'x'.repeat(501)])
      expect(problemOf({ summary, form: regions })).toMatch(/^the question has \d+ characters/);
  });
});
