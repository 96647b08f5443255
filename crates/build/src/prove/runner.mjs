// Runs the tests of the project in the current folder, again and again, in one process: its database is started and its files are
// translated once. Each line of the input asks for one run, `{"changed": [path], "names": [part of a name], "seconds": n}`, and is
// answered by a line behind MARK; the end of the input ends everything, and so does a run that takes longer than that.
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createVitest } from 'vitest/node'

const MARK = '\u0001'
let red, broken, why, suites, ended

/** The first test that fails ends the run. */
function failed(test, errors) {
  if (ended || red !== undefined) return
  red = test.fullName
  why = firstLine(errors)
  vitest.cancelCurrentRun('test-failure').catch(() => {})
}

const firstLine = (errors) => errors?.[0]?.message?.split('\n')[0]

const observer = {
  onTestCaseResult(test) {
    const result = test.result()
    if (result.state === 'failed') failed(test, result.errors)
  },
  onTestRunEnd(_suites, _errors, reason) {
    if (reason === 'interrupted') broken ??= 'the run was cut short'
  },
  onTestModuleEnd(suite) {
    suites += 1
    if (suite.state() !== 'failed' || red !== undefined) return
    const tests = [...suite.children.allTests()]
    const prepared = [...suite.children.allSuites()].flatMap((inner) => inner.errors())
    // A suite whose preparation failed counts with its tests; a file that does not load has none.
    if (tests.length > 0) failed(tests[0], [...suite.errors(), ...prepared])
    else broken ??= `${suite.relativeModuleId}: ${firstLine(suite.errors()) ?? 'it does not load'}`
  },
}

const vitest = await createVitest('test', { watch: false, reporters: [observer] })
await vitest.standalone()

async function run({ changed, names }) {
  red = broken = why = undefined
  suites = 0
  ended = false
  for (const path of changed) vitest.invalidateFile(resolve(path))
  const all = await vitest.globTestSpecifications(names)
  const { unhandledErrors } = await vitest.runTestSpecifications(all, false).finally(() => (ended = true))
  if (red === undefined && broken === undefined && unhandledErrors.length > 0) broken = firstLine(unhandledErrors) ?? 'an error that nobody handled'
  if (suites === 0 && red === undefined) broken ??= 'no test ran'
  return { red, broken, why }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  const broken = (error) => ({ broken: String(error.message).split('\n')[0] })
  const late = sleep(request.seconds * 1000, { late: true }, { ref: false })
  const answer = await Promise.race([run(request).catch(broken), late])
  process.stdout.write(`\n${MARK}${JSON.stringify(answer)}\n`)
  if (answer.late) {
    // The first asks the tests to stop, the second ends their processes.
    for (const reason of ['keyboard-input', 'keyboard-input']) vitest.cancelCurrentRun(reason).catch(() => {})
    break
  }
}
await Promise.race([vitest.close(), sleep(10_000)])
process.exit(0)
