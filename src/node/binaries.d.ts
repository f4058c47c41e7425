// The binaries, of which only that of the present platform is there when tsc looks.
declare module '*.node' {
  const binding: import('./binding').Binding
  export = binding
}

declare module '@computesdk/gateway-*' {
  const binding: import('./binding').Binding
  export = binding
}
