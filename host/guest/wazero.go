package guest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/wasm/abi"
)

// pageSize is the unit of a guest's memory.
const pageSize = 64 << 10

// memoryMin is the least memory that a guest can start with.
const memoryMin = 16 << 20

// Options say how a guest runs. The zero value suits most.
type Options struct {
	// Module is the guest, as wasm/build builds it, not to be changed; nil is the one that the program
	// carries, if it was built where `make wasm` had put one.
	Module []byte
	// MemoryMax bounds the guest's memory in bytes, rounded up to 64 KiB; 0 is 4 GiB. The guest
	// refuses what it would need more for, as if maxmemory were reached.
	MemoryMax int64
	// CacheDir is where the last few compiled modules are kept between runs; "" is redlet's folder
	// in os.UserCacheDir. Where it cannot be written, every process compiles anew, in seconds.
	CacheDir string
}

// ErrNoCompiler is what a Maker answers where wazero has no compiler. Its interpreter is
// refused: it runs 30 times slower.
var ErrNoCompiler = errors.New("wazero cannot compile for " + runtime.GOOS + "/" +
	runtime.GOARCH + ": use the native engine")

var errCommands = errors.New("a guest has the commands that it was built with: run commands of " +
	"your own on the native engine")

// Maker makes engines that run as WebAssembly guests under wazero. The module is compiled when the
// first is made, once in a process, and shared by all.
func Maker(o Options) host.Maker {
	return func(c core.Options) (host.Engine, error) {
		if len(c.Commands)+len(c.Types) > 0 {
			return nil, errCommands
		}
		m, err := moduleFor(o)
		if err != nil {
			return nil, err
		}
		return m.instantiate(c)
	}
}

// module is a compiled guest. It stays for the life of the process, as its code may be in use.
type module struct {
	runtime  wazero.Runtime
	limit    string // for the guest's GOMEMLIMIT
	compiled wazero.CompiledModule
}

// moduleKey is what makes one compiled module differ from another.
type moduleKey struct {
	sum      [sha256.Size]byte // zero: the module that the program carries
	pages    uint32
	cacheDir string
}

// modules are those that this process has compiled.
var modules struct {
	sync.Mutex
	by       map[moduleKey]*module
	embedded []byte // the module that the program carries, once it was read
}

// moduleFor returns the compiled module that o asks for.
func moduleFor(o Options) (*module, error) {
	modules.Lock()
	defer modules.Unlock()
	source, key := o.Module, moduleKey{pages: 65536, cacheDir: o.CacheDir}
	if source != nil {
		key.sum = sha256.Sum256(source)
	} else {
		if modules.embedded == nil {
			var err error
			if modules.embedded, err = Module(); err != nil {
				return nil, err
			}
		}
		source = modules.embedded
	}
	if o.MemoryMax > 0 {
		key.pages = uint32(min((max(o.MemoryMax, memoryMin)+pageSize-1)/pageSize, 65536))
	}
	if m := modules.by[key]; m != nil {
		return m, nil
	}
	m, err := compile(source, key.pages, o.CacheDir)
	if err != nil {
		return nil, err
	}
	if modules.by == nil {
		modules.by = map[moduleKey]*module{}
	}
	modules.by[key] = m
	return m, nil
}

// compile makes a runtime that holds the module and WASI.
func compile(wasm []byte, pages uint32, cacheDir string) (_ *module, err error) {
	ctx := experimental.WithCompilationWorkers(context.Background(), runtime.GOMAXPROCS(0))
	config, err := compilerConfig()
	if err != nil {
		return nil, err
	}
	cacheDir = cacheFolder(cacheDir)
	config = config.WithMemoryLimitPages(pages).WithCompilationCache(openCache(cacheDir))
	r := wazero.NewRuntimeWithConfig(ctx, config)
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close(ctx))
		}
	}()
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
		return nil, err
	}
	compiled, err := r.CompileModule(ctx, wasm)
	if err != nil {
		return nil, fmt.Errorf("compile the guest: %w", err)
	}
	pruneCache(cacheDir)
	return &module{r, heapLimit(int64(pages) * pageSize), compiled}, nil
}

// heapLimit is what a guest's runtime is told to keep its heap below, of so much memory. Its data
// segments and stacks do not count, and it keeps to the limit only nearly.
func heapLimit(memory int64) string {
	const least = 8 << 20
	limit := max(memory-least-max(memory/16, least), memory/2)
	return strconv.FormatInt(limit, 10)
}

// compilerConfig returns the configuration of wazero's compiler, which panics where there is none.
func compilerConfig() (config wazero.RuntimeConfig, err error) {
	defer func() {
		if recover() != nil {
			err = ErrNoCompiler
		}
	}()
	ctx := context.Background()
	config = wazero.NewRuntimeConfigCompiler()
	return config, wazero.NewRuntimeWithConfig(ctx, config).Close(ctx)
}

// instantiate starts a guest and configures it.
func (m *module) instantiate(o core.Options) (host.Engine, error) {
	w, err := m.start()
	if err != nil {
		return nil, err
	}
	if err = w.configure(o); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// start starts a guest that has yet to be configured.
func (m *module) start() (_ *engine, err error) {
	w := &engine{}
	ctx := experimental.WithMemoryAllocator(context.Background(), allocator)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions(abi.ExportInitialize).
		WithSysNanotime().WithSysWalltime().WithRandSource(rand.Reader).WithStderr(&w.stderr).
		WithEnv("GOMEMLIMIT", m.limit)
	w.module, err = m.runtime.InstantiateModule(ctx, m.compiled, config)
	if err != nil {
		return nil, fmt.Errorf("start the guest: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	return w, w.bind()
}

// bind finds the guest's exports.
func (w *engine) bind() error {
	w.memory = w.module.Memory()
	w.input = w.module.ExportedFunction(abi.ExportInput)
	w.step = w.module.ExportedFunction(abi.ExportStep)
	version := w.module.ExportedFunction(abi.ExportVersion)
	control := w.module.ExportedFunction(abi.ExportControl)
	for _, f := range []api.Function{w.input, w.step, version, control} {
		if f == nil || w.memory == nil {
			return errors.New("the module is not a guest of redlet: an export is missing")
		}
	}
	var stack [2]uint64
	if err := version.CallWithStack(context.Background(), stack[:]); err != nil {
		return w.die(err)
	}
	if v := uint32(stack[0]); v != abi.Version {
		return fmt.Errorf("the guest speaks version %d of the ABI, this host version %d",
			v, abi.Version)
	}
	if err := control.CallWithStack(context.Background(), stack[:]); err != nil {
		return w.die(err)
	}
	w.control = uint32(stack[0])
	return nil
}
