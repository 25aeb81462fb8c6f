import { steps } from '../../../workflows/kit/activities.ts';
import { askChoice, askForm } from '../../../workflows/kit/ask-people.ts';
import { healthy } from '../../../workflows/kit/run.ts';

export interface TakeOverInput {
  incidentId: string;
  serviceId: string;
}

/** Whoever is on call says which region takes over, and then what customers see: both stand on the incident, and its followers are told. */
export async function takeOver({ incidentId, serviceId }: TakeOverInput): Promise<string> {
  const asked = { onCallOf: serviceId };
  const region = await askChoice({
    question: 'Which region takes over?',
    options: [
      { value: 'eu-west-1', label: 'Ireland' },
      { value: 'eu-central-1', label: 'Frankfurt', description: 'It has room for half of the load' },
    ],
    asked,
    expiresIn: '15 minutes',
    onExpire: 'page',
    assume: 'eu-west-1',
  });
  if ('expired' in region) return 'nobody chose';
  await steps.addPagerDutyNote({ incidentId, note: `${region.answeredBy} chose ${region.choice}.` });

  const told = await askForm({
    question: 'What do customers see?',
    fields: [
      { name: 'seen', label: 'What do they see?', type: 'longText', required: true, most: 500 },
      { name: 'users', label: 'How many of them?', type: 'integer', required: false },
      { name: 'isSafe', label: 'Are their orders safe?', type: 'boolean', required: true },
    ],
    asked,
    expiresIn: '30 minutes',
  });
  if ('expired' in told) return 'nobody told';
  const { seen, users = 'some', isSafe } = told.values;
  const orders = isSafe ? 'Their orders are safe.' : 'Their orders are not safe.';
  const message = `${seen} It is seen by ${users} customers. ${orders}`;
  await steps.publishPagerDutyStatusUpdate({ incidentId, message });
  return healthy('told');
}
