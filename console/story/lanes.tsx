import { useEffect, useRef, useState } from 'preact/hooks';
import { useQuery } from '../api/query.ts';
import type { Run, Timeline } from '../api/shapes.ts';
import { Out, Said } from '../parts/said.tsx';
import { Empty, Shown } from '../parts/shown.tsx';
import { now } from '../parts/when.tsx';
import { address, inPath, runPath } from '../routes.ts';
import { stateOf } from '../run-state.ts';
import { zone } from '../settings.ts';
import { visible } from '../text.ts';
import { clock, zoneName } from '../time.ts';
import { kinds } from './entries.tsx';
import { type Lane, movedApart, type Picture, pictureOf } from './layout.ts';

const laneHeight = 40;
const axisHeight = 22;
const markWidth = 15;

/** The story as a picture: who did what when, and who waited for whom. The list beside it says the same. */
export function Lanes({ id, runs }: { id: string; runs: readonly Run[] }) {
  const story = useQuery<Timeline>(
    address(`/incidents/${inPath(id)}/timeline`, { show: 'all', order: 'oldest', limit: 200 }),
    ({ subject }) => subject === id,
  );
  return (
    <Shown query={story} rows={6} what="the story">
      {({ items, next }) =>
        items.length === 0 ? (
          <Empty icon="inbox" title="Nothing to draw yet" />
        ) : (
          <>
            <Drawn picture={pictureOf(runs, items, now.value)} />
            {next !== undefined && (
              <p class="soft small">The first {items.length} entries are drawn. The list has all.</p>
            )}
            <p class="soft small">
              Long times in which nothing happens are shortened; the axis says when. Times in{' '}
              {zoneName(now.peek(), zone.value)}.
            </p>
          </>
        )
      }
    </Shown>
  );
}

function Drawn({ picture }: { picture: Picture }) {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(900);
  useEffect(() => {
    const { current } = box;
    if (!current) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(560, current.clientWidth)));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const { lanes, ticks } = picture;
  const left = 12;
  const inner = width - 2 * left - 8;
  const x = (place: number) => left + place * inner;
  const height = axisHeight + lanes.length * laneHeight + 8;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys. */}
      <figure class="lanes" ref={box} tabIndex={0} aria-label="Picture of the story">
        <svg
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={`Picture of ${lanes.length - 1} runs over time. The list below names the changes.`}
        >
          <defs>
            <pattern
              id="waits"
              width="6"
              height="6"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <rect class="wait-ground" width="6" height="6" />
              <rect class="wait-line" width="2" height="6" />
            </pattern>
          </defs>
          {ticks.map(({ at, place }) => (
            <g key={at} class="tick">
              <line x1={x(place)} x2={x(place)} y1={axisHeight - 4} y2={height} />
              <text
                x={x(place)}
                y={12}
                text-anchor={place > 0.93 ? 'end' : place < 0.04 ? 'start' : 'middle'}
              >
                {clock(at, zone.value)}
              </text>
            </g>
          ))}
          {lanes.map((lane, index) => (
            <LaneDrawn key={lane.id} lane={lane} y={axisHeight + index * laneHeight} x={x} width={width} />
          ))}
        </svg>
      </figure>
      <Legend />
      <ChangeList picture={picture} />
    </>
  );
}

function LaneDrawn({
  lane,
  y,
  x,
  width,
}: {
  lane: Lane;
  y: number;
  x: (place: number) => number;
  width: number;
}) {
  const middle = y + 26;
  const { bar, run } = lane;
  const at = movedApart(
    lane.marks.map(({ place }) => x(place)),
    markWidth,
    x(1),
  );
  return (
    <g class={`lane ${run ? stateOf(run).replaceAll(' ', '-') : ''}`}>
      <line class="ground" x1={0} x2={width} y1={y + laneHeight} y2={y + laneHeight} />
      <text class="name" x={4} y={y + 13}>
        {visible(lane.name)}
        {run && <tspan class="state"> {stateOf(run)}</tspan>}
      </text>
      {bar && (
        <rect
          class="bar-drawn"
          x={x(bar.from)}
          y={middle - 5}
          width={Math.max(4, x(bar.to) - x(bar.from))}
          height={10}
          rx={5}
        />
      )}
      {lane.waits.map((wait) => (
        <rect
          key={wait.from}
          class="wait"
          x={x(wait.from)}
          y={middle - 5}
          width={Math.max(3, x(wait.to) - x(wait.from))}
          height={10}
          fill="url(#waits)"
        >
          <title>{visible(wait.text)}</title>
        </rect>
      ))}
      {lane.marks.map(({ entry, number }, index) => (
        <g
          key={entry.id}
          class={`mark-drawn ${(kinds[entry.kind] ?? ['', 'grey'])[1]}`}
          transform={`translate(${at[index]} ${middle})`}
        >
          <title>{`${clock(Date.parse(entry.at), zone.value)} ${visible(entry.text)}`}</title>
          {entry.kind === 'problem' ? (
            <path d="M0-7 7 6H-7Z" />
          ) : number !== undefined ? (
            <>
              <circle r={7.5} />
              <text text-anchor="middle" y={3.5}>
                {number}
              </text>
            </>
          ) : entry.kind === 'asked' || entry.kind === 'decided' ? (
            <rect x={-4.5} y={-4.5} width={9} height={9} transform="rotate(45)" />
          ) : (
            <circle r={3.5} />
          )}
        </g>
      ))}
    </g>
  );
}

const Legend = () => (
  <ul class="legend">
    <li>
      <svg aria-hidden="true" width="14" height="14" class="mark-drawn green">
        <circle cx="7" cy="7" r="6" />
      </svg>
      changed, by number
    </li>
    <li>
      <svg aria-hidden="true" width="14" height="14" class="mark-drawn amber">
        <rect x="4" y="4" width="7" height="7" transform="rotate(45 7.5 7.5)" />
      </svg>
      asked or decided
    </li>
    <li>
      <svg aria-hidden="true" width="20" height="14">
        <rect class="wait-ground" width="20" height="10" y="2" />
      </svg>
      waits for people
    </li>
    <li>
      <svg aria-hidden="true" width="14" height="14" class="mark-drawn red">
        <path d="M7 1 13 13H1Z" />
      </svg>
      problem
    </li>
    <li>
      <svg aria-hidden="true" width="14" height="14" class="mark-drawn blue">
        <circle cx="7" cy="7" r="3.5" />
      </svg>
      event or person
    </li>
  </ul>
);

/** The numbers of the picture, in words. */
function ChangeList({ picture }: { picture: Picture }) {
  const marks = picture.lanes
    .flatMap(({ marks: own, name, run }) => own.map((mark) => ({ ...mark, name, run })))
    .filter(({ number }) => number !== undefined)
    .sort((one, other) => (one.number ?? 0) - (other.number ?? 0));
  if (marks.length === 0) return <p class="soft">Nothing was changed.</p>;
  return (
    <ol class="changes" aria-label="What was changed">
      {marks.map(({ entry, number, run, name }) => (
        <li key={entry.id}>
          <span class="count-mark">{number}</span>
          <time dateTime={entry.at}>{clock(Date.parse(entry.at), zone.value)}</time>
          <span class="wrap">
            <Said text={entry.text} /> {run && <a href={runPath(run.id)}>{name}</a>}
            {entry.links.map((link) => (
              <span key={link.url}>
                {' '}
                <Out to={link.url} text={link.text} />
              </span>
            ))}
          </span>
        </li>
      ))}
    </ol>
  );
}
