// The package managers that install the package in a rehearsal, each with its defaults and a registry.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { findNpm } from './npm.mjs'
import { toolOf } from './tools.mjs'

/**
 * @typedef {object} Manager
 * @property {() => Promise<string>} script
 * @property {(spec: string) => string[]} add parameters that install
 * @property {(project: string, registry: string) => Promise<void>} [prepare] beside the `.npmrc` of the home folder
 * @property {boolean} [ignoresLibc] installs the packages of both glibc and musl; the loader chooses
 * @property {string[]} [node] parameters before those of Node, where Node is run through the manager
 */

/** @type {Record<string, Manager>} */
export const MANAGERS = {
  npm: { script: findNpm, add: (spec) => ['install', spec, '--no-audit', '--no-fund'] },
  pnpm: { script: async () => toolOf('pnpm', 'bin/pnpm.cjs'), add: (spec) => ['add', spec] },
  'yarn-classic': {
    script: async () => toolOf('yarn', 'bin/yarn.js'),
    add: (spec) => ['add', spec, '--non-interactive'],
    ignoresLibc: true,
  },
  yarn: yarn('node-modules'),
  'yarn-pnp': { ...yarn('pnp'), node: ['node'] },
}

/** @returns {Manager} */
function yarn(nodeLinker) {
  return {
    script: async () => toolOf('@yarnpkg/cli-dist', 'bin/yarn.js'),
    add: (spec) => ['add', spec],
    prepare(project, npmRegistryServer) {
      const settings = {
        nodeLinker,
        npmRegistryServer,
        unsafeHttpWhitelist: ['127.0.0.1'],
        enableTelemetry: false,
        // Without it Yarn resolves nothing that an ES module imports, unless package.json says `"type": "module"`.
        pnpEnableEsmLoader: true,
        // A rehearsal installs packages that were published a minute ago.
        npmMinimalAgeGate: 0,
      }
      const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
      return writeFile(join(project, '.yarnrc.yml'), lines.join(''))
    },
  }
}
