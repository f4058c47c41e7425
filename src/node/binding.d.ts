// What the JavaScript and the Rust side of the bridge are to each other. Read by tsc alone.

/** The addon, as the loader sees it. Its other exports are in index.d.ts. */
export interface Binding {
  /** Gives the addon the functions of the bridge, once in each environment. Throws if the versions differ. */
  __install(makeBridge: (native: Native, constants: string) => object, version: string): void
}

/** The functions that publish what a call does. */
export type Diagnostics = ReturnType<typeof import('./diagnostics.js').makeDiagnostics>

/** What identifies a call in every message. */
export interface CallIdentity {
  provider: string
  operation: string
  callId: string
}

/** The part of a description that many calls share: where they go, and which image they start there. */
export interface CallTarget {
  location: Record<string, string>
  [property: string]: unknown
}

/** What is known of a call before it ends. */
export type KnownCall = [target: CallTarget | null, name: string | null, instanceId: string | null]

/**
 * The events of a call; src/node/diagnostics.rs writes them: the identity of a call that has settled; what its subscribers were not
 * told at `start`, with a target that was told before by its number alone, and -1 for none; and then the kind of each event with
 * what it tells.
 */
export type CallEvents = [
  settled: CallIdentity | null,
  number: number,
  ...known: KnownCall,
  ...events: unknown[],
]

/** A configured provider, as JavaScript holds it. */
export type ConfiguredProvider = object & { readonly __configuredProvider?: never }

/** The functions of the addon that the bridge calls. */
export interface Native {
  /**
   * Begins calls. Each gets one reply, by its slot.
   *
   * `text` is two arrays of JSON, one after the other. The first has four numbers of each call: its slot, its method, the state
   * of its signal, the index of its provider. The second has four values of each: its id, its options, the variables of its
   * provider, and the id of the call if it has subscribers.
   *
   * @param cancellable the slots of the calls that `cancel` may be told
   */
  submit(providers: ConfiguredProvider[], text: string, cancellable: number[]): void
  /** Checks a call whose subscribers ask for it at `start`. It waits for `launch`. Returns what is known of it, as JSON. */
  submitTraced(providers: ConfiguredProvider[], text: string, callId: string): string
  /** Begins the calls that wait. */
  launch(): void
  /** Returns what is known of a call that was submitted, as JSON, as soon as the worker has prepared it. */
  describe(slot: number, callId: string): string
  /** Cancels a call, if it is still under way. It is replied to. */
  cancel(slot: number): void
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
