import { z } from 'zod';
import { examinationSchema, examineAll, isWell } from '../doctor.ts';
import { Refusal } from '../refusal.ts';
import { defineOperation } from './operation.ts';

/** What works, what is missing, by which activity it is needed, and what to do. Asks the providers, and changes nothing. */
export const doctorCheck = defineOperation({
  name: 'doctor.check',
  kind: 'read',
  right: 'connections.test',
  route: 'GET /doctor',
  summary: 'Asks each provider harmlessly what the connections may do',
  input: z.strictObject({ connection: z.string().optional(), provider: z.string().optional() }),
  output: z.object({ well: z.boolean(), connections: z.array(examinationSchema) }),
  async run({ connection, provider }, context) {
    const doctor = await context.doctor();
    const all = await doctor.connections();
    const asked = all.filter(
      (each) =>
        (connection === undefined || each.connection === connection) &&
        (provider === undefined || each.provider === provider),
    );
    if (asked.length === 0) {
      const known = all.map((each) => `${each.connection} of ${each.provider}`).join(', ');
      throw new Refusal(404, 'No such connection', `There is no such connection. There are: ${known}.`);
    }
    const connections = await examineAll(doctor, asked);
    return { well: connections.every(isWell), connections };
  },
});
