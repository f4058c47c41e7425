// For a process that imports the package, with NAPI_RS_NATIVE_LIBRARY_PATH naming the addon of the tests: reqwest sends all of
// its requests, also those that hyper would send.
import assert from 'node:assert/strict'

import { addonPath, loadTestAddon } from './test-addon.mjs'

assert.equal(process.env.NAPI_RS_NATIVE_LIBRARY_PATH, addonPath(), 'the package would load another addon')
loadTestAddon().__sendByReqwest()
