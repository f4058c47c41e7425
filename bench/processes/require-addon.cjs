/** The same from CommonJS. */
require('../../index.js')
