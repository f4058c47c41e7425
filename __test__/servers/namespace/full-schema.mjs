// Namespace's own schema, to check requests against if it is present.
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

import { reference } from '../shared/reference.mjs'

/** Reads a set of descriptors, as protobuf compilers write it. */
export const readRegistry = (bytes) => createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes))

export const loadFullSchema = reference('namespace-compute.binpb', readRegistry)
