import { showMe } from './me.ts';
import type { AnyOperation } from './operation.ts';
import { linkPerson, listPeople, removePerson, setPerson } from './people.ts';
import { createToken, listTokens, revokeToken } from './tokens.ts';

/** The operations on who may do what. */
export const rightsOperations: readonly AnyOperation[] = [
  showMe,
  listTokens,
  createToken,
  revokeToken,
  listPeople,
  setPerson,
  removePerson,
  linkPerson,
];
