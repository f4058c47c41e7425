/** One measure of one candidate; `child.mjs` starts it. Prints what was found as JSON. */
const job = JSON.parse(process.argv[2])
const { run } = await import(`../measures/${job.measure}.mjs`)
const candidate = () => import(`../candidates/${job.module}.mjs`)
const result = await run(job, candidate)
// Pools keep their connections, and with them the process.
process.stdout.write(JSON.stringify(result), () => process.exit())
