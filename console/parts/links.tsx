import { incidentPath, runPath } from '../routes.ts';
import { Said } from './said.tsx';

/** An incident by its id, which PagerDuty has given. */
export const IncidentLink = ({ id, look }: { id: string; look?: string }) => (
  <a href={incidentPath(id)} class={look}>
    <Said text={id} />
  </a>
);

/** A run by its id. */
export const RunLink = ({ id }: { id: string }) => (
  <a href={runPath(id)}>
    <Said text={id} />
  </a>
);
