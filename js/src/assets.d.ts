// What bundlers and `npm run build` make of files that TypeScript does not know.

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.wasm?module' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*/embedded.mjs' {
  const text: string;
  export default text;
}

declare module '*/embedded-worker.mjs' {
  const text: string;
  export default text;
}
