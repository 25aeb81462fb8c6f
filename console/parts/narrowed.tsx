import { choose } from '../navigation.ts';
import { Said } from './said.tsx';

/** As people call what a list is narrowed by. */
const words: Readonly<Record<string, string>> = { subject: 'incident', q: 'with' };

/** What a list is narrowed by beside its chips, each to be taken away. */
export const Narrowed = ({
  by,
  onTakeAway = (name) => choose({ [name]: undefined, cursor: undefined }),
}: {
  by: Readonly<Record<string, string | undefined>>;
  onTakeAway?: (name: string) => void;
}) =>
  Object.entries(by).map(([name, value]) =>
    value === undefined ? null : (
      <button key={name} type="button" class="button" onClick={() => onTakeAway(name)}>
        {words[name] ?? name} <Said text={value} /> ×<span class="hidden-text">: take this filter away</span>
      </button>
    ),
  );

/** Whether a list is narrowed at all: it may then be empty though there is something. */
export const isNarrowed = (by: Readonly<Record<string, string | undefined>>): boolean =>
  Object.values(by).some((value) => value !== undefined);
