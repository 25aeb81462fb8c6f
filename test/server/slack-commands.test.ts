import { describe, expect, it } from 'vitest';
import type { PersonRequest } from '../../domain/person-request.ts';
import { helpText, readCommand } from '../../server/slack/commands.ts';
import { plainText, wordsOf } from '../../server/slack/words.ts';

const id = 'Q1DWGPWQ3Y9XJR';
const approval = '0f3k9s1d2m7q8w5e6r4t1y2u3';

const understood: [typed: string, request: PersonRequest][] = [
  ['ack', { do: 'acknowledge' }],
  ['  ACK  ', { do: 'acknowledge' }],
  ['acknowledge #42', { do: 'acknowledge', incident: '42' }],
  ['ack <#C0123|42>', { do: 'acknowledge', incident: '42' }],
  [`resolve ${id}`, { do: 'resolve', incident: id }],
  [`resolve eu-${id}`, { do: 'resolve', incident: `eu-${id}` }],
  [`resolve eu/${id}`, { do: 'resolve', incident: `eu-${id}` }],
  ['ack eu#42', { do: 'acknowledge', incident: 'eu-42' }],
  [`stop eu/${id}`, { do: 'stop', runId: `eu/${id}` }],
  ['note eu#42 seen', { do: 'note', text: 'seen', incident: 'eu-42' }],
  ['update “Nobody can pay.”', { do: 'update', text: 'Nobody can pay.' }],
  ['update #42 It is slow', { do: 'update', text: 'It is slow', incident: '42' }],
  ['escalate', { do: 'escalate' }],
  ['snooze 30m', { do: 'snooze', minutes: 30 }],
  ['snooze #42 2 hours', { do: 'snooze', minutes: 120, incident: '42' }],
  ['snooze 7d', { do: 'snooze', minutes: 10_080 }],
  ...(
    [
      ['30 min', 30],
      ['30mins', 30],
      ['for 30 minutes', 30],
      ['1h30', 90],
      ['1h30m', 90],
      ['1h 30m', 90],
      ['1 hour 30 minutes', 90],
      ['1 hour and 30 minutes', 90],
      ['1.5h', 90],
      ['2hrs', 120],
      ['1d 12h', 2_160],
      ['half an hour', 30],
      ['an  Hour', 60],
      ['a day', 1_440],
    ] as const
  ).map(([said, minutes]): [string, PersonRequest] => [`snooze ${said}`, { do: 'snooze', minutes }]),
  ['snooze until 09:00', { do: 'snooze', until: '09:00' }],
  ['snooze #42 until 9:30 tomorrow', { do: 'snooze', until: '09:30', day: 'tomorrow', incident: '42' }],
  ['snooze until tomorrow at 9am', { do: 'snooze', until: '09:00', day: 'tomorrow' }],
  ['snooze until 12am', { do: 'snooze', until: '00:00' }],
  ['snooze UNTIL 5.30 PM today', { do: 'snooze', until: '17:30', day: 'today' }],
  ['note #42: it is the disk', { do: 'note', text: 'it is the disk', incident: '42' }],
  ['note "#2nd replica is down"', { do: 'note', text: '#2nd replica is down' }],
  ['note it is #4211x', { do: 'note', text: 'it is #4211x' }],
  ['reassign <@U0ADA|ada> <@U0BEN>', { do: 'reassign', slackUserIds: ['U0ADA', 'U0BEN'] }],
  ['reassign #42 <@U0ADA> <@U0ADA>', { do: 'reassign', slackUserIds: ['U0ADA'], incident: '42' }],
  ['priority P2', { do: 'priority', priority: 'P2' }],
  ['priority “Sev 1”', { do: 'priority', priority: 'Sev 1' }],
  [
    'note a &lt; b &amp; c, see <https://x.example/?a=1&amp;b=2|x>',
    { do: 'note', text: 'a < b & c, see https://x.example/?a=1&b=2' },
  ],
  ['note #42 two  spaces', { do: 'note', text: 'two  spaces', incident: '42' }],
  ['note POSTGRE is down', { do: 'note', text: 'POSTGRE is down' }],
  ['note QNMCYEMGXABMGQ is slow', { do: 'note', text: 'is slow', incident: 'QNMCYEMGXABMGQ' }],
  ['note <@U0ADA|ada> looked in <#C1|ops>', { do: 'note', text: '@ada looked in #ops' }],
  ['change Checkout deployed 1.2', { do: 'change', service: 'Checkout', text: 'deployed 1.2' }],
  [
    'change "Search API" new index <https://ci.example/7>',
    { do: 'change', service: 'Search API', text: 'new index', link: 'https://ci.example/7' },
  ],
  ['responders <@U0ADA>', { do: 'responders', slackUserIds: ['U0ADA'] }],
  [
    'responders <@U0ADA> it is the index',
    { do: 'responders', slackUserIds: ['U0ADA'], message: 'it is the index' },
  ],
  ['status', { do: 'status' }],
  ['on-call #7', { do: 'on-call', incident: '7' }],
  ['approve', { do: 'approve' }],
  ['approve looks right', { do: 'approve', reason: 'looks right' }],
  [`approve ${approval}`, { do: 'approve', approvalId: approval }],
  [`reject ${approval} too risky`, { do: 'refuse', approvalId: approval, reason: 'too risky' }],
  ['stop', { do: 'stop' }],
  ['triggers', { do: 'triggers' }],
  ['trigger ec2-unhealthy', { do: 'triggers', trigger: 'ec2-unhealthy' }],
  ['trigger ec2-unhealthy Observe', { do: 'lower', trigger: 'ec2-unhealthy', to: 'observe' }],
  [
    'trigger ec2-unhealthy off “wrong &lt;one&gt;”',
    { do: 'lower', trigger: 'ec2-unhealthy', to: 'off', reason: 'wrong <one>' },
  ],
  [`stop ec2-unhealthy/${id} wrong one`, { do: 'stop', runId: `ec2-unhealthy/${id}`, reason: 'wrong one' }],
];

/** The commands, and what else each may be called or be taken for. */
const deeds: Readonly<Record<string, readonly string[]>> = {
  ack: [],
  resolve: [],
  snooze: [],
  escalate: [],
  reassign: [],
  priority: [],
  note: [],
  change: [],
  responders: [],
  run: [],
  status: [],
  approve: [],
  refuse: [],
  stop: [],
  trigger: ['triggers'],
  oncall: ['on-call'],
  'link-me': ['link'],
};

/** One letter left out, written twice, swapped with the next or replaced: of a short word not the last ones. */
const typosOf = (name: string): string[] =>
  [...name].flatMap((letter, place) => {
    const [before, after] = [name.slice(0, place), name.slice(place + 1)];
    const swapped = after === '' ? [] : [`${before}${after[0]}${letter}${after.slice(1)}`];
    const all = [`${before}${letter}${letter}${after}`, ...swapped];
    return (name.length < 4 ? all : [...all, `${before}${after}`, `${before}x${after}`]).filter(
      (typo) => typo !== name && !Object.hasOwn(deeds, typo),
    );
  });

describe('a command', () => {
  it.each(understood)('"%s" is read', (typed, request) => {
    expect(readCommand(typed)).toEqual({ request });
  });

  it.each([
    ['note', { form: 'note' }],
    ['note #42', { form: 'note', incident: '42' }],
    ['snooze', { form: 'snooze' }],
    ['update', { form: 'update' }],
    ['change', { form: 'change' }],
    [
      'run restart n=3 because it is stuck',
      { form: 'run', workflow: 'restart', input: { n: '3' }, reason: 'it is stuck' },
    ],
    ['run restart', { form: 'run', workflow: 'restart', input: {} }],
    [
      'run #42 restart name="two words" n=3 reason: it is "stuck"',
      {
        form: 'run',
        workflow: 'restart',
        input: { name: 'two words', n: '3' },
        reason: 'it is "stuck"',
        incident: '42',
      },
    ],
  ])('"%s" may need a form', (typed, ask) => {
    expect(readCommand(typed)).toEqual({ ask });
  });

  it.each([
    ['akc', 'Did you mean `/baton ack`?'],
    ['resovle #42', '`/baton resolve`'],
    ['frobnicate', '`/baton help` lists them'],
    ['ack now', 'nothing else'],
    ['snooze 30', 'write 30m, 2h or 1d'],
    ['snooze 30', 'Did you mean 30m?'],
    ['snooze 9:00', 'Did you mean until 09:00?'],
    ['snooze untill 9:00 tommorow', 'Did you mean until 9:00 tomorrow?'],
    ['snooze until 9', 'until 09:00'],
    ['snooze until 25:00', 'until 09:00'],
    ['snooze until 13pm', 'until 09:00'],
    ['snooze 30m 5', 'write 30m, 2h or 1d'],
    ['snooze 1h90m', 'write 30m, 2h or 1d'],
    ['snooze 42 30m', 'Did you mean #42?'],
    ['ack 42', 'Did you mean #42?'],
    ['ack #4211x', 'Did you mean #4211?'],
    ['note #4211x the disk is full', 'Did you mean #4211?'],
    ['note #4211x the disk is full', 'stands in "quotes"'],
    ['resolve q1dwgpwq3y9xjr', `Did you mean ${id}?`],
    ['resolve eu-q1dwgpwq3y9xjr', `Did you mean eu-${id}?`],
    ['note Q1DWGPWQ3Y9XJ it is the disk', '"Q1DWGPWQ3Y9XJ" is no incident'],
    ['reassign 42 <@U0ADA>', 'Did you mean #42?'],
    ['xyz', 'no command "xyz". `/baton help` lists them'],
    ['snooze 8d', 'write 30m, 2h or 1d'],
    ['snooze 0m', 'write 30m, 2h or 1d'],
    ['reassign', 'it names nobody'],
    ['reassign @ben', 'choose the person from the list'],
    ['reassign <!subteam^S1|@ops>', 'choose the person'],
    ['responders ben', 'choose the person'],
    ['priority', 'name of a priority'],
    ['change Checkout', 'what was changed'],
    ['change #42 x', 'about a service'],
    ['run', 'name of a workflow'],
    ['run restart shop', 'no name=value'],
    [`approve #42 ${approval}`, 'not both'],
    [`refuse #42 ${approval} no`, 'not both'],
    [`stop #42 ec2-unhealthy/${id}`, 'not both'],
    ['trigger ec2-unhealthy auto', 'It is raised by a reviewed line'],
    ['trigger ec2-unhealthy enable', 'It is raised by a reviewed line'],
    ['trigger ec2-unhealthy observed', '"observed" is none of off, observe, propose, approve'],
    ['trigger #42', 'about a trigger'],
    [`trigger ec2-unhealthy off ${'x'.repeat(501)}`, 'a reason takes 500 characters'],
    ['__proto__', 'no command'],
    ['x'.repeat(6_000), 'longer than'],
  ])('"%s" is told what is wrong', (typed, told) => {
    expect(readCommand(typed)).toEqual({ say: expect.stringContaining(told) });
  });

  it.each([...Object.keys(deeds), 'help'])('"%s" is found again in what is nearly that', (name) => {
    for (const typo of typosOf(name))
      expect([typo, readCommand(typo)]).toEqual([
        typo,
        { say: expect.stringMatching(`\`/baton (${[name, ...(deeds[name] ?? [])].join('|')})\``) },
      ]);
  });

  it.each(['', 'help', 'help me'])('"%s" lists all commands', (typed) => {
    const all = readCommand(typed);
    for (const name of [
      'ack',
      'resolve',
      'snooze',
      'escalate',
      'reassign',
      'priority',
      'note',
      'change',
      'responders',
      'run',
    ])
      expect(all).toEqual({ say: expect.stringContaining(`/baton ${name}`) });
  });

  it('has its help, by each of its names', () => {
    expect(helpText('acknowledge')).toBe('`/baton ack [#42]`: acknowledges the incident as you.');
  });

  /** Pieces of what people and Slack write, put together at random: a seed gives the same texts each time. */
  it('of any text is read without a fault, and never as about an incident that was not named', () => {
    const verbs = understood.map(([typed]) => typed.split(' ')[0] ?? '');
    const pieces = [
      ...verbs,
      '#42',
      id,
      'P',
      '<',
      '>',
      '<@U0ADA>',
      '<@',
      '"',
      '“',
      '”',
      '=',
      'a=b',
      'reason:',
      '\n',
      ' ',
      '&amp;',
      '😀',
      '\u0000',
      '__proto__=1',
      'constructor',
    ];
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    let requests = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const words = Array.from({ length: next(6) }, () => pieces[next(pieces.length)]);
      const verb = next(4) === 0 ? '' : `${verbs[next(verbs.length)]} `;
      const text = `${verb}${words.join(next(3) === 0 ? '' : ' ')}`;
      const typed = readCommand(text);
      if ('say' in typed) expect(typed.say).toMatch(/\S/);
      if (!('request' in typed)) continue;
      requests += 1;
      const { incident } = typed.request;
      // Of another account, `eu#42` and `eu/Q…` are read as `eu-42` and `eu-Q…`.
      if (incident !== undefined) expect(text.replaceAll(/[#/]/g, '-')).toContain(incident);
      if ('minutes' in typed.request) expect(typed.request.minutes).toBeGreaterThan(0);
      if ('slackUserIds' in typed.request)
        for (const user of typed.request.slackUserIds) expect(text).toContain(`<@${user}`);
    }
    expect(requests).toBeGreaterThan(1_000);
  });
});

describe('words', () => {
  it.each([
    ['a  b', ['a', 'b']],
    ['"a b" c', ['a b', 'c']],
    ['n="a b"c', ['n=a bc']],
  ])('of %s', (text, words) => {
    expect(wordsOf(text).map((word) => word.text)).toEqual(words);
  });

  it('keep a quote that is not closed', () => {
    expect(wordsOf('it"s fine').map(({ text }) => text)).toEqual(['it"s', 'fine']);
  });

  it('lose nothing but the marks that Slack puts in', () => {
    expect(plainText('<!here> <mailto:a@b.c|a@b.c> &lt;tag&gt; <@U1>')).toBe('@here mailto:a@b.c <tag> @U1');
  });
});
