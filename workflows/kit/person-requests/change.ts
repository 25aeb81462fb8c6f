import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import { type Done, type Member, notDone, type RequestTo } from './asked.ts';

/** Tells PagerDuty of a change to a service. Whoever may respond on the service may. */
export async function tellOfChange(
  { service: asked, text, link }: RequestTo<'change'>,
  { name, email }: Member,
): Promise<Done | { refusal: string }> {
  const { service, similar } = await steps.findPagerDutyService({ service: asked });
  if (!service)
    return notDone(
      `PagerDuty has no service "${asked}".${similar.length > 0 ? ` There are: ${similar.join(', ')}.` : ''}`,
    );
  const responder = await steps.checkPagerDutyResponder({ serviceId: service.id, email });
  if ('refusal' in responder) return responder;
  const { unconfirmed } = await steps.sendPagerDutyChangeEvent({
    toService: service.id,
    summary: text,
    source: 'Slack',
    details: { by: name },
    ...(link === undefined ? {} : { links: [{ href: link }] }),
  });
  if (unconfirmed)
    return notDone(`whether PagerDuty has the change of ${service.name} is not known. Look there.`);
  return { outcome: healthy('done'), answer: `PagerDuty is told of the change to ${service.name}.` };
}
