/** A process that does nothing: what starting one costs. */
process.exitCode = 0
