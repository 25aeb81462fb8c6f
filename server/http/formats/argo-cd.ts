import { z } from 'zod';
import type { ArgoCdApplication } from '../../../domain/http-event.ts';
import { boundedText } from '../../receiving/bounded.ts';
import { shortly } from '../../receiving/read-event.ts';
import { type Format, keyFrom, subjectFrom, timeFrom } from '../format.ts';

/** A template of Argo CD writes `<no value>` for what is not there. */
const text = z
  .string()
  .transform((given) => (given === '<no value>' || given === '' ? undefined : boundedText(given)))
  .optional()
  .catch(undefined);
const application = z.object({
  application: z.string().min(1),
  project: text,
  phase: text,
  sync: text,
  health: text,
  revision: text,
  message: text,
  url: text,
  at: text,
});

/** What the template in docs/http-events.md sends. https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook */
export const argoCd: Format = {
  name: 'argocd',
  aboutIn: (json) => application.safeParse(json).data?.application,
  read(json, { connection, receivedAt, id }) {
    const type = 'argocd.application';
    const parsed = application.safeParse(json);
    if (!parsed.success) return [{ unreadable: shortly(parsed.error), id, type }];
    const { at, ...given } = parsed.data;
    const told = Object.entries(given).filter(([, value]) => value !== undefined);
    const data = { ...Object.fromEntries(told), application: boundedText(given.application) };
    const { phase = '', sync = '', health = '', revision = '' } = given;
    return [
      {
        event: {
          id: keyFrom([given.application, revision, phase, sync, health, at ?? id].join('/')),
          source: `/http/${connection}`,
          type,
          subject: subjectFrom(connection, `applications/${given.application}`),
          time: timeFrom(at) ?? receivedAt,
          data: data as ArgoCdApplication,
        },
      },
    ];
  },
};
