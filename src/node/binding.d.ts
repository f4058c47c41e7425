// What the JavaScript and the Rust side of the bridge are to each other. Read by tsc alone.

/** The addon, as the loader sees it. Its other exports are in index.d.ts. */
export interface Binding {
  /** Gives the addon the functions of the bridge, once in each environment. Throws if the versions differ. */
  __install(makeBridge: (native: Native, constants: string) => object, version: string): void
}

/** A call under way that can be cancelled, or that somebody watches, as JavaScript holds it. */
export type CallHandle = object & { readonly __callHandle?: never }

/** The functions that publish what a call does. */
export type Diagnostics = ReturnType<typeof import('./diagnostics.js').makeDiagnostics>

/** The events of a call; src/node/diagnostics.rs writes them. */
export interface CallEvents {
  call: { provider: string; operation: string; callId: string }
  events: ({ channel: string } & Record<string, unknown>)[]
}

/** A configured provider, as JavaScript holds it. */
export type ConfiguredProvider = object & { readonly __configuredProvider?: never }

/** The functions of the addon that the bridge calls. */
export interface Native {
  /**
   * Checks a call and begins it. It has a `callId` only if somebody watches it. Returns `undefined`, or a handle if the
   * call has a signal or is watched. A text is an error as JSON: nothing was begun.
   */
  start(
    provider: ConfiguredProvider,
    method: number,
    number: number,
    signalState: number,
    instanceId: string,
    options: string,
    callId?: string,
  ): CallHandle | string | undefined
  /** Cancels a call. Returns the error for its caller as JSON; nothing if a create is just handing over its instance. */
  cancel(handle: CallHandle | undefined): string | undefined | null
  /** Notes that the signal of a call has fired while `start` checks it: `start` then returns `ABORTED`. */
  abortStart(number: number): void
  /** Returns what is known of a watched call before it begins, as JSON. */
  describe(handle: CallHandle): string
  /** Returns the events of a watched call until now, as JSON, when it was cancelled. */
  takeEvents(handle: CallHandle): string
  /** Lets the event loop end: no call is under way. */
  idle(): void
}

/** What both sides agree on; src/node/constants.rs declares it. */
export interface Constants {
  Method: Record<'create' | 'getById' | 'list' | 'destroy', number>
  SignalState: Record<'NONE' | 'WATCHED' | 'FIRED' | 'INVALID' | 'UNREADABLE', number>
  ReplyKind: Record<'VALUE' | 'NOTHING' | 'FAILURE' | 'EVENTS' | 'INSTANCES', number>
  /** By provider and operation, the fields that are read of an object. */
  fields: Record<string, Record<'configure' | 'create' | 'getById' | 'list' | 'destroy', string[]>>
}

/** An error as the addon describes it. */
export interface ErrorProperties {
  message: string
  code: string
  [property: string]: unknown
}
