/** The engine, as workerd and bundlers import WebAssembly. */
declare const module: WebAssembly.Module;
export default module;
