/** Line drawings on 16 by 16: characters would be missing from somebody's fonts. */
const paths = {
  alert: 'M8 2 14.5 13.5H1.5ZM8 6.5v3M8 11.6v.1',
  hand: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM8 4.8V8l2.2 1.6',
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  dash: 'M3.5 8h9',
  play: 'M5 3.2v9.6L12.6 8Z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  dot: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6Z',
  eye: 'M1.5 8S4 3.6 8 3.6 14.5 8 14.5 8 12 12.4 8 12.4 1.5 8 1.5 8ZM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z',
  plus: 'M8 3v10M3 8h10',
  equals: 'M3.5 6h9M3.5 10h9',
  question: 'M5.6 6.1A2.4 2.4 0 0 1 8 3.9c1.4 0 2.4.9 2.4 2.1 0 1.7-2.4 1.8-2.4 3.5M8 11.9v.1',
  quote: 'M3 4.5h10v6.2H7.2L4.6 13v-2.3H3Z',
  arrow: 'M3 8h9.5M9 4.5 12.5 8 9 11.5',
  back: 'M13 8H3.5M7 4.5 3.5 8 7 11.5',
  down: 'M4 6.2 8 10l4-3.8',
  right: 'M6.2 4 10 8l-3.8 4',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4ZM10.2 10.2 13.5 13.5',
  copy: 'M6 5.5h7v8H6ZM10 5.5v-3H3v8h3',
  lock: 'M4 7.2h8v6H4ZM5.6 7.2V5.1a2.4 2.4 0 0 1 4.8 0v2.1',
  bolt: 'M9 1.8 3.8 9H8l-1 5.2L12.2 7H8Z',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  person: 'M8 2.2a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4ZM2.8 13.8c.5-2.8 2.6-4.2 5.2-4.2s4.7 1.4 5.2 4.2',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1',
  moon: 'M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z',
  system: 'M2 3h12v8.2H2ZM6 14h4M8 11.2V14',
  inbox: 'M2.5 9.2 4 3h8l1.5 6.2V13h-11ZM2.5 9.2h3.2l.8 1.6h3l.8-1.6h3.2',
  shield: 'M8 1.8 13 3.6v4c0 3.2-2.1 5.4-5 6.6-2.9-1.2-5-3.4-5-6.6v-4Z',
  more: 'M3.2 8h.1M8 8h.1M12.8 8h.1',
  link: 'M6.5 9.5l3-3M7 4.6l1.2-1.2a2.7 2.7 0 0 1 3.9 3.9L10.9 8.5M9 11.4l-1.2 1.2a2.7 2.7 0 0 1-3.9-3.9l1.2-1.2',
  circle: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z',
} as const;

export type IconName = keyof typeof paths;

/** In its own size it is drawn as it is: where many rows have one, to scale each of them takes much of a frame. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const viewBox = size === 16 ? undefined : '0 0 16 16';
  return (
    <svg class="icon" width={size} height={size} viewBox={viewBox} aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
