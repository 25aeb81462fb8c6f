import { aboutIn } from '../../../domain/http-event.ts';
import { boundedData } from '../../receiving/bounded.ts';
import { type Format, subjectFrom } from '../format.ts';

/** JSON of any form: `http.<name>`. It says of itself neither id nor time, so it is told from others by its words. */
export const json: Format = {
  name: 'json',
  aboutIn,
  read(body, { connection, receivedAt, id }) {
    const about = aboutIn(body);
    const event = {
      id,
      source: `/http/${connection}`,
      type: `http.${connection}` as const,
      ...(about === undefined ? {} : { subject: subjectFrom(connection, about) }),
      time: receivedAt,
      data: { body: boundedData(body) },
    };
    return [{ event }];
  },
};
