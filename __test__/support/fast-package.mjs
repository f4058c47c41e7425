// For a process that imports the package, if NAPI_RS_NATIVE_LIBRARY_PATH names the addon of the tests: the clock runs
// CLOCK_SPEED times as fast. Minutes of background work are seconds.
import { loadTestAddon } from './test-addon.mjs'

loadTestAddon().__setClockSpeed(Number(process.env.CLOCK_SPEED))
