// Takes from a worker what browsers without OPFS do not have.

Reflect.deleteProperty(globalThis, 'FileSystemFileHandle');
