package core

import "github.com/redlet/redlet/core/internal/alloc"

// What scripts and functions take in Redis, in bytes: its two Lua machines, as they begin, and
// about what each script adds there and to the cache.
const (
	evalVMBytes        = 32 << 10
	functionVMBytes    = 33 << 10
	evalCompiledBytes  = 165
	libraryBytes       = 87
	cachedScriptBytes  = 128
	functionCacheBytes = 872
	cachedLibraryBytes = 160
)

// scriptUsage is what scripts and functions take.
type scriptUsage struct{ evalVM, evalCache, functionVM, functionCache int64 }

func (e *Engine) scriptUsage() scriptUsage {
	u := scriptUsage{evalVM: evalVMBytes, functionVM: functionVMBytes,
		functionCache: functionCacheBytes}
	for _, sc := range e.scripts.cache { // order: a sum has none
		u.evalVM += evalCompiledBytes + int64(sc.fn.Size())
		u.evalCache += cachedScriptBytes + int64(alloc.String(len(sc.body)))
	}
	for _, l := range e.functions.libraries {
		u.functionVM += libraryBytes
		for _, f := range l.functions {
			u.functionVM += int64(f.fn.Size())
		}
		u.functionCache += cachedLibraryBytes + int64(alloc.String(len(l.source)))
	}
	u.evalVM &^= 1<<10 - 1 // which Lua counts in units of that
	u.functionVM &^= 1<<10 - 1
	return u
}

// countFlushed counts scripts or functions that are about to be forgotten, where Redis would have a
// thread free them: if asked to, or by the configuration, and if they are many.
func (c *Call) countFlushed(elements, more int) {
	lazily := c.e.cfg.lazyFlush
	if len(c.Args) == 3 {
		lazily = is(c.Args[2], "async")
	}
	if lazily && elements > lazyEffort {
		c.e.stats.lazyfreed += int64(elements + more)
	}
}
