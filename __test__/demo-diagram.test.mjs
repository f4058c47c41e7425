// How the demo draws its hops.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, test } from 'node:test'

import { Diagram } from '../demo/diagram.mjs'
import { Screen } from '../demo/screen.mjs'

/** A diagram on a stream of so many columns; `shown` gives the lines. */
function setUp({ stream = {}, environment = {} } = {}) {
  let text = ''
  const target = Object.assign(new EventEmitter(), { write: (part) => (text += part), ...stream })
  return { diagram: new Diagram(new Screen(target, environment)), shown: () => text.split('\n').slice(0, -1) }
}

describe('the diagram', () => {
  test('has one lane for each part, and an arrow for each hop', () => {
    const { diagram, shown } = setUp()
    diagram.head()
    diagram.hop('app', 'gateway', 'to the right')
    diagram.hop('daemon', 'gateway', 'to the left')
    diagram.hop('app', 'daemon', 'through', { via: 'gateway' })
    diagram.code('const x = 1')
    assert.deepEqual(shown(), [
      '   app     gateway   package   provider   daemon',
      '    │         │         │         │         │',
      '    ├────────►│         │         │         │   to the right',
      '    │         │◄────────┼─────────┼─────────┤   to the left',
      '    ├─────────●─────────┼─────────┼────────►│   through',
      '  › const x = 1',
    ])
  })

  test('counts what comes again and again between the same two', () => {
    const { diagram, shown } = setUp()
    const texts = () => shown().map((line) => line.slice(48))
    for (let look = 0; look < 3; look += 1) {
      diagram.hop('package', 'provider', 'getSandbox')
      diagram.hop('package', 'provider', 'getCommand')
    }
    assert.deepEqual(texts(), ['getSandbox', 'getCommand'])
    diagram.hop('package', 'gateway', 'done')
    assert.deepEqual(texts().slice(2), ['… and 4 more like this', 'done'])
    diagram.hop('package', 'provider', 'getSandbox')
    assert.equal(texts().at(-1), 'getSandbox', 'after something else it is news')
    diagram.settle()
    diagram.hop('package', 'provider', 'getSandbox')
    assert.deepEqual(texts().slice(-2), ['getSandbox', 'getSandbox'])
  })

  for (const [columns, width] of [
    [undefined, 96],
    [200, 96],
    [80, 80],
    [20, 72],
  ]) {
    test(`is at most ${width} wide where there are ${columns ?? 'no'} columns`, () => {
      const { diagram, shown } = setUp({ stream: { columns } })
      diagram.hop('app', 'gateway', 'x'.repeat(200))
      const [line] = shown()
      assert.equal(line.length, width)
      assert.ok(line.endsWith('x…'))
    })
  }

  test('has colours on a terminal, unless NO_COLOR is set', () => {
    const paints = (stream, environment) => {
      const { diagram, shown } = setUp({ stream, environment })
      diagram.hop('app', 'gateway', 'x', { bad: true })
      return shown()[0].includes('\u001B[')
    }
    assert.equal(paints({ isTTY: true }), true)
    assert.equal(paints({ isTTY: true }, { NO_COLOR: '1' }), false)
    assert.equal(paints({ isTTY: true }, { TERM: 'dumb' }), false)
    assert.equal(paints({ isTTY: false }), false)
  })
})
