// Checks whether an addon may be published.
import { readFile } from 'node:fs/promises'

import { checkArtifact } from '../targets/check.mjs'
import { select } from '../targets/list.mjs'

/** What is wrong with it, as the checks of artifacts say. @returns {Promise<string[]>} */
export async function problemsOf({ target }, path) {
  const [wanted] = select([target])
  return checkArtifact(wanted, await readFile(path)).problems
}
