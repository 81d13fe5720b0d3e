import { BoardletError } from '../../wire/errors.ts';
import { LINK_CODES } from '../link.ts';

/** Imports the optional peer `mqtt` once it is needed.
 * @throws BoardletError BL_LINK_MISSING_PEER when it cannot be loaded (the promise rejects) */
export async function loadPeer<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new BoardletError(
      LINK_CODES.missingPeer,
      'this link needs the package `mqtt`: npm install mqtt@5',
      { cause },
    );
  }
}
