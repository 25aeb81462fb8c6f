import { aboutIn } from '../../../domain/http-event.ts';
import { boundedData } from '../../bounded.ts';
import { type Format, subjectFrom } from '../format.ts';

/** JSON of any form: `http.<name>`. It says of itself neither id nor time, so the same bytes are the same event. */
export const json: Format = {
  name: 'json',
  read(body, { connection, receivedAt, digest }) {
    const about = aboutIn(body);
    const event = {
      id: digest,
      source: `/http/${connection}`,
      type: `http.${connection}` as const,
      ...(about === undefined ? {} : { subject: subjectFrom(connection, about) }),
      time: receivedAt,
      data: { body: boundedData(body) },
    };
    return [{ event }];
  },
};
