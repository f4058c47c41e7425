/** A process that imports the package and does nothing with it. */
import '../../index.mjs'
