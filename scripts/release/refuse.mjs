#!/usr/bin/env node
// npm runs this before it would publish the checkout, and this refuses it. The checkout has no optionalDependencies,
// and not the platform packages that they name.
console.error('The checkout itself is never published. docs/contributing/releasing.md says how a release is made.')
process.exitCode = 1
