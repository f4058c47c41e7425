// What the JavaScript and the Rust side of the bridge are to each other. Read by tsc alone.

/** The addon, as the loader sees it. Its other exports are in index.d.ts. */
export interface Binding {
  /** Gives the addon the functions of the bridge, once in each environment. Throws if the versions differ. */
  __install(makeBridge: typeof import('./bridge.js').makeBridge, version: string): void
}

/** What cancels a call, as JavaScript holds it. */
export type CancelHandle = object & { readonly __cancelHandle?: never }

/** A configured provider, as JavaScript holds it. */
export type ConfiguredProvider = object & { readonly __configuredProvider?: never }

/** The functions of the addon that the bridge calls. */
export interface Native {
  /**
   * Checks a call and begins it. Returns `undefined`, or a handle if the call has a signal. A text is an error as JSON:
   * nothing was begun.
   */
  start(
    provider: ConfiguredProvider,
    method: number,
    number: number,
    signalState: number,
    instanceId: string,
    options: string,
  ): CancelHandle | string | undefined
  /** Cancels a call. Returns the error for its caller as JSON; nothing if a create is just handing over its instance. */
  cancel(handle: CancelHandle | undefined): string | undefined | null
  /** Notes that the signal of a call has fired while `start` checks it: `start` then returns `ABORTED`. */
  abortStart(number: number): void
  /** Lets the event loop end: no call is under way. */
  idle(): void
}

/** What both sides agree on; src/node/constants.rs declares it. */
export interface Constants {
  Method: Record<'create' | 'getById' | 'list' | 'destroy', number>
  SignalState: Record<'NONE' | 'WATCHED' | 'FIRED' | 'INVALID' | 'UNREADABLE', number>
  ReplyKind: Record<'VALUE' | 'NOTHING' | 'FAILURE', number>
  /** By provider and operation, the fields that are read of an object. */
  fields: Record<string, Record<'configure' | 'create' | 'getById' | 'list' | 'destroy', string[]>>
}

/** An error as the addon describes it. */
export interface ErrorProperties {
  message: string
  code: string
  [property: string]: unknown
}
