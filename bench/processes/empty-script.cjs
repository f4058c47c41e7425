/** The same for CommonJS, whose start costs less. */
process.exitCode = 0
