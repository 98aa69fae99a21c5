/**
 * Names that the declarations use. Where the DOM's or Node's declarations are there, these add
 * nothing to them; where they are not, they stand for something that a program cannot name.
 */
declare global {
  interface Blob {}
  interface Response {}
  interface URL {}
  interface Worker {}
  interface ReadableStream<R = any> {}
  interface WritableStream<W = any> {}

  namespace WebAssembly {
    interface Memory {}
    interface Module {}
  }

  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }

  interface Disposable {
    [Symbol.dispose](): void;
  }

  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

export {};
