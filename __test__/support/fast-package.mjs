// For a process that imports the package, with NAPI_RS_NATIVE_LIBRARY_PATH naming the addon of the tests: its clock
// runs as many times as fast as CLOCK_SPEED says. Minutes of its background work are seconds.
import { createRequire } from 'node:module'

import { addonPath } from '../chaos/client.mjs'

createRequire(import.meta.url)(addonPath()).__setClockSpeed(Number(process.env.CLOCK_SPEED))
