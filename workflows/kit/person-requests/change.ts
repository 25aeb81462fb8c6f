import { patched } from '@temporalio/workflow';
import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import { type Asked, type Done, type Member, notDone, type RequestTo } from './asked.ts';
import { findPlace, ownConnection, roomByIncident } from './place.ts';

/**
 * Tells PagerDuty of a change to a service of the account whose incident's room it is, else of the run's own. Whoever may respond on the
 * service may.
 */
export async function tellOfChange(
  asked: Asked<RequestTo<'change'>>,
  { name, email }: Member,
): Promise<Done | { refusal: string; advice?: string | undefined }> {
  const { service: wanted, text, link } = asked.request;
  const place = patched(roomByIncident) ? await findPlace(asked) : { none: '' };
  const isOwn = 'none' in place || place.connection === ownConnection();
  const account = isOwn ? {} : { connection: place.connection };
  const { service, similar } = await steps.findPagerDutyService({ service: wanted, ...account });
  if (!service)
    return notDone(
      `PagerDuty has no service "${wanted}"${isOwn ? '' : ` in the account ${place.connection}`}.${similar.length > 0 ? ` There are: ${similar.join(', ')}.` : ''}`,
    );
  const responder = await steps.checkPagerDutyResponder({ serviceId: service.id, email, ...account });
  if ('refusal' in responder) return responder;
  const { unconfirmed } = await steps.sendPagerDutyChangeEvent({
    toService: service.id,
    summary: text,
    source: 'Slack',
    details: { by: name },
    ...(link === undefined ? {} : { links: [{ href: link }] }),
    ...account,
  });
  if (unconfirmed)
    return notDone(`whether PagerDuty has the change of ${service.name} is not known. Look there.`);
  return {
    outcome: healthy('done'),
    answer: `PagerDuty is told of the change to ${service.name}.`,
    ...('none' in place ? {} : { place }),
    room: `${name} told PagerDuty of a change to ${service.name}: ${text.length > 500 ? `${text.slice(0, 499)}…` : text}`,
  };
}
