import type { Alert } from '../../workflows/kit/read-context.ts';

/** An alert that fires and says nothing but what is given. */
export const alert = (fields: Partial<Alert> = {}): Alert => ({
  id: 'PALERT1',
  key: 'monitor-1',
  status: 'triggered',
  summary: 'monitor-1',
  details: {},
  links: [],
  ...fields,
});
