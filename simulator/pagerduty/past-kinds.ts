import type { Incident } from './world.ts';

/** What happens again and again in an account, and what people do then. */
export interface Kind {
  service: string;
  urgency: Incident['urgency'];
  /** How many of a hundred incidents are of this kind. */
  share: number;
  title(draw: Draw): string;
  /** The medians, in minutes: until somebody acknowledges, and from then until it is resolved. */
  minutes: [number, number];
  /** How many of a hundred end by themselves, before anybody has come. */
  passing: number;
}

/** Chance, the same again from the same seed. */
export interface Draw {
  /** From 0 to 1. */
  share(): number;
  /** A whole number from `least` to `most`. */
  number(least: number, most: number): number;
  of<Item>(items: readonly Item[]): Item;
}

const instances = [
  'i-0abc12345def67890',
  'i-0fed09876cba54321',
  'i-0123456789abcdef0',
  'i-0def12345abc67890',
];
const oneOffs = ['Checkout', 'Login', 'Search', 'Invoices', 'The app', 'Refunds', 'Vouchers', 'Wish lists'];
const complaints = [
  'slow for some customers',
  'shows an old price',
  'answers with errors',
  'is in English only',
];

/** What comes many times at once, too. */
export const ofStorms: Kind = {
  service: 'Orders',
  urgency: 'high',
  share: 12,
  title: (draw) => `Queue orders-incoming holds ${draw.number(11_000, 60_000)} messages`,
  minutes: [7, 35],
  passing: 35,
};

const kinds: readonly Kind[] = [
  {
    service: 'Checkout',
    urgency: 'high',
    share: 10,
    title: (draw) => `EC2 ${draw.of(instances)} StatusCheckFailed`,
    minutes: [5, 22],
    passing: 6,
  },
  {
    service: 'Checkout',
    urgency: 'high',
    share: 8,
    title: (draw) => `CrashLoopBackOff in shop/${draw.of(['checkout', 'basket', 'pricing'])}`,
    minutes: [4, 31],
    passing: 12,
  },
  {
    service: 'Checkout',
    urgency: 'high',
    share: 14,
    title: (draw) => `Checkout p99 latency above 2 s: ${draw.number(21, 89) / 10} s`,
    minutes: [4, 14],
    passing: 30,
  },
  {
    service: 'Search',
    urgency: 'high',
    share: 12,
    title: () => 'Search p99 latency above 2 s',
    minutes: [6, 18],
    passing: 25,
  },
  {
    service: 'Search',
    urgency: 'low',
    share: 17,
    title: (draw) => `Disk of search-${draw.number(10, 24)} is ${draw.number(85, 97)} % full`,
    minutes: [48, 25],
    passing: 10,
  },
  {
    service: 'Payments',
    urgency: 'high',
    share: 9,
    title: (draw) => `Error rate of payments above 5 %: ${draw.number(51, 240) / 10} %`,
    minutes: [3, 27],
    passing: 20,
  },
  {
    service: 'Payments',
    urgency: 'low',
    share: 3,
    title: (draw) => `The certificate of pay.example.com expires in ${draw.number(5, 20)} days`,
    minutes: [180, 40],
    passing: 0,
  },
  ofStorms,
  {
    service: 'Warehouse',
    urgency: 'low',
    share: 12,
    title: (draw) => `Nightly load failed at step ${draw.number(1, 30)}`,
    minutes: [95, 55],
    passing: 2,
  },
  {
    service: 'Checkout',
    urgency: 'low',
    share: 3,
    title: (draw) => `${draw.of(oneOffs)} ${draw.of(complaints)}`,
    minutes: [25, 70],
    passing: 0,
  },
];

/** One of them, each as often as its share says. */
export function kindAt(draw: Draw): Kind {
  let from = 0;
  const place = draw.share() * 100;
  for (const kind of kinds) {
    from += kind.share;
    if (place < from) return kind;
  }
  return kinds[0] as Kind;
}

export function drawFrom(seed: number): Draw {
  const share = randomFrom(seed);
  return {
    share,
    number: (least, most) => least + Math.floor(share() * (most - least + 1)),
    of: (items) => items[Math.floor(share() * items.length)] as (typeof items)[number],
  };
}

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
