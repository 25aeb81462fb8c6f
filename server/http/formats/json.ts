import { boundedData } from '../../bounded.ts';
import type { Format } from '../format.ts';

/** JSON of any form: `http.<name>`. It says of itself neither id nor time, so the same bytes are the same event. */
export const json: Format = {
  name: 'json',
  read: (body, { connection, receivedAt, digest }) => [
    {
      event: {
        id: digest,
        source: `/http/${connection}`,
        type: `http.${connection}`,
        time: receivedAt,
        data: { body: boundedData(body) },
      },
    },
  ],
};
