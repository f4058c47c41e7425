// Namespace's own schema, to check requests against if it is present. It may not be
// published with this repository, so it is next to the checkout or missing.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

const file = new URL('../../../../shared/reference/namespace-compute.binpb', import.meta.url)

/** @type {Promise<import('@bufbuild/protobuf').FileRegistry> | undefined} */
let loading

/** Returns the schema, built once per process; `undefined` if the file is missing. */
export function loadFullSchema() {
  if (!existsSync(file)) return undefined
  loading ??= readFile(file).then(readRegistry)
  return loading
}

/** Reads a set of descriptors, as protobuf compilers write it. */
export const readRegistry = (bytes) => createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes))
