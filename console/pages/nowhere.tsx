import { Empty } from '../parts/shown.tsx';
import { useTitle } from '../title.ts';

export function NowherePage() {
  useTitle('No such page');
  return (
    <>
      <h1>No such page</h1>
      <Empty icon="question" title="Nothing is at this address">
        <p>
          It may have been cut where it was copied. <a href="/incidents">The incidents</a> are here.
        </p>
      </Empty>
    </>
  );
}
