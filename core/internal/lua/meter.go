package lua

import (
	"context"
	"math"
	"runtime"

	lua "github.com/yuin/gopher-lua"
)

// meter counts a script's instructions. The VM asks its context before each instruction whether
// it is done; that is where the script is suspended and where it is killed. Only Done and Err are
// ever asked of it.
type meter struct {
	context.Context
	vm     *VM
	left   int // instructions until the next look
	slice  int // instructions that the slice still has beyond those
	made   int // bytes of strings made since the last look at the heap
	looks  int
	base   uint64 // the heap when the script started
	killed bool
	starve bool // it was killed because it took too much memory
	slices int64
	pause  func() // nil while nothing may be interrupted
}

const (
	// SliceSize is the number of instructions between two calls of Run's pause: a millisecond or
	// two of a native machine, ten of a guest.
	SliceSize = 50_000
	// lookEvery is the number of instructions between two looks at what else is to be done.
	lookEvery = 1024
	// heapEvery is how many of those pass between two looks at the heap, which cost some 20 µs each.
	heapEvery = 16
	// heapEveryBytes is after how many bytes of new strings the heap is looked at anyway.
	heapEveryBytes = 64 << 20
)

// heapMax is by how much a script may make the heap grow. A guest, as any machine of 32 bits, has
// 4 GiB in all, and the collector needs as much again as is alive.
var heapMax = func() uint64 {
	if runtime.GOARCH == "wasm" || math.MaxInt == math.MaxInt32 {
		return 1 << 30
	}
	return 4 << 30
}()

// over is closed: the channel of a context that is done.
var over = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (m *meter) begin(pause func()) {
	m.left, m.slice = lookEvery, SliceSize-lookEvery
	m.made, m.looks, m.base, m.slices = 0, 0, 0, 0
	m.killed, m.starve, m.pause = false, false, pause
}

// Done implements context.Context. It is called before each instruction.
func (m *meter) Done() <-chan struct{} {
	m.left--
	if m.left > 0 {
		return nil
	}
	return m.look()
}

// Err implements context.Context: the text of the error that ends a killed script.
func (m *meter) Err() error {
	if m.starve {
		return deadly("not enough memory")
	}
	return deadly("Script killed by user with SCRIPT KILL.")
}

type deadly string

func (d deadly) Error() string { return string(d) }

// charge counts work of a library function as if it were instructions.
func (m *meter) charge(instructions int) { m.left -= instructions }

// look runs when a stretch of instructions is over: it suspends the script when its slice is.
func (m *meter) look() <-chan struct{} {
	if m.pause == nil {
		return nil
	}
	if !m.killed {
		m.looks++
		if m.looks%heapEvery == 0 {
			m.checkHeap()
		}
	}
	if !m.killed {
		m.vm.host.Yield()
		m.slice += m.left // what a charge took beyond the stretch
		if m.slice <= 0 {
			m.slice += SliceSize
			m.slices++
			m.pause()
		}
	}
	if m.killed {
		m.left = 0
		return over
	}
	m.left = lookEvery
	m.slice -= lookEvery
	return nil
}

// work counts work of a library function that may take long; the script can be suspended and
// killed there as between instructions.
func (m *meter) work(l *lua.LState, instructions int) {
	m.left -= instructions
	if m.left <= 0 && m.look() != nil {
		fail(l, m.Err().Error())
	}
}

// largeString is the size from which on there is asked for the memory of a string.
const largeString = 1 << 20

// allocated counts a string that a library function is about to make. It ends a script for which
// there is no memory.
func (m *meter) allocated(size int) {
	if size >= largeString && !m.vm.host.Room(2*size) {
		m.starved()
		fail(m.vm.l, m.Err().Error())
	}
	m.made += size
	m.left -= size / 1024
	if m.made > heapEveryBytes {
		m.checkHeap()
	}
}

// checkHeap dooms a script that has made the heap grow too far.
func (m *meter) checkHeap() {
	m.made = 0
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	if m.base == 0 {
		m.base = now.HeapAlloc
	}
	if !m.vm.host.Room(heapEveryBytes) {
		m.starved()
		return
	}
	if now.HeapAlloc < m.base+heapMax {
		return
	}
	runtime.GC()
	runtime.ReadMemStats(&now)
	if now.HeapAlloc >= m.base+heapMax {
		m.starved()
	}
}

// starved dooms a script for want of memory.
func (m *meter) starved() {
	m.starve = true
	m.kill()
}

func (m *meter) kill() {
	m.killed = true
	m.left, m.slice = 0, 0
}
