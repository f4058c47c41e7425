// Query parameters.
import { compileQuery, flag, integer, oneOf, word } from '../shared/schema.mjs'
import { invalidRequest, violation } from './errors.mjs'

const query = (parameters) =>
  compileQuery({ teamId: word, slug: word, ...parameters }, (complaint) => violation('query', complaint))

export const QUERIES = {
  team: query({}),
  getSandbox: query({ projectId: word, resume: flag }),
  deleteSandbox: query({ projectId: word, deleteOrphanSnapshots: flag }),
  listSandboxes: query({
    project: word,
    limit: integer(1, 50),
    cursor: word,
    sortBy: oneOf('createdAt', 'name', 'statusUpdatedAt', 'currentSnapshotId'),
    sortOrder: oneOf('asc', 'desc'),
    namePrefix: word,
    status: oneOf('running', 'stopping', 'stopped'),
    // One filter only, `key:value` (docs/providers/vercel.md).
    tags: { type: 'string', pattern: '^[^:]+:' },
  }),
  getCommand: query({ wait: flag }),
}

/** Checks which parameters of a listing go together. */
export function checkListing({ sortBy = 'createdAt', namePrefix, status }) {
  if (namePrefix !== undefined && sortBy !== 'name') throw invalidRequest('namePrefix needs sortBy=name')
  if (status !== undefined && sortBy !== 'createdAt') throw invalidRequest('status needs sortBy=createdAt')
}
