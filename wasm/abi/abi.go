// Package abi defines what crosses the wall of the WebAssembly guest: the inputs and events of
// package core as frames of bytes, and the control block. The guest and its hosts share it, so it
// imports core alone, and nothing that weighs much in a guest.
//
// ABI.md in the folder above describes the same for hosts that are not written in Go.
//
// It may change with any version; ABI.md says which one of the ABI it is.
package abi

import (
	"math"

	"github.com/redlet/redlet/core"
)

// Version is what the guest's export abi_version answers. It changes when an old host would
// misread a new guest.
const Version = 2

// Names of the guest's exports.
const (
	ExportMemory     = "memory"
	ExportInitialize = "_initialize"
	ExportVersion    = "abi_version"
	ExportInput      = "input"
	ExportControl    = "control"
	ExportStep       = "step"
)

// Status is what the export step returns. After anything but StatusOK the instance must be
// dropped.
type Status int32

const (
	// StatusOK says that every frame was applied.
	StatusOK Status = 0
	// StatusFailed says that an invariant of the engine broke. Output holds a LOG frame that
	// says where.
	StatusFailed Status = 1
	// StatusMalformed says that the host's frames could not be read; none was applied. Output
	// holds a LOG frame.
	StatusMalformed Status = 2
)

// HeaderSize is the number of bytes before a frame's payload.
const HeaderSize = 16

// Error is a constant error; the guest can afford no fmt.
type Error string

// Error returns the text itself.
func (e Error) Error() string { return string(e) }

// What can be wrong with bytes that should be frames or payloads.
const (
	ErrShortHeader  Error = "abi: a frame's header is cut short"
	ErrShortPayload Error = "abi: a frame's payload is cut short"
	ErrShortPath    Error = "abi: an event's path is cut short"
	ErrNoSeed       Error = "abi: CONFIGURE must begin with 32 bytes of seed"
	ErrQuotes       Error = "unbalanced quotes in configuration line"
	ErrNoValue      Error = "wrong number of arguments in configuration line"
)

// A frame is a header of four u32 (kind, connection, ticket, size of the payload) and the payload:
// Data; but for an event that has a path: Offset (u64), the length of the path (u32), the path, and
// Data.

// pathSize is the number of bytes before the path.
const pathSize = 12

// AppendInput appends an input as a frame.
func AppendInput(dst []byte, in *core.Input) []byte {
	dst = appendHeader(dst, uint32(in.Kind), in.Conn, in.Ticket, len(in.Data))
	return append(dst, in.Data...)
}

// InputSize is the number of bytes that AppendInput appends.
func InputSize(in *core.Input) int { return HeaderSize + len(in.Data) }

// AppendEvent appends an event as a frame.
func AppendEvent(dst []byte, ev *core.Event) []byte {
	if ev.Kind.HasPath() {
		return appendPathEvent(dst, ev)
	}
	dst = appendHeader(dst, uint32(ev.Kind), ev.Conn, ev.Ticket, len(ev.Data))
	return append(dst, ev.Data...)
}

func appendPathEvent(dst []byte, ev *core.Event) []byte {
	size := pathSize + len(ev.Path) + len(ev.Data)
	dst = appendHeader(dst, uint32(ev.Kind), ev.Conn, ev.Ticket, size)
	dst = appendU32(dst, uint32(ev.Offset))
	dst = appendU32(dst, uint32(ev.Offset>>32))
	dst = appendU32(dst, uint32(len(ev.Path)))
	dst = append(dst, ev.Path...)
	return append(dst, ev.Data...)
}

// appendHeader appends the header of a frame.
func appendHeader(dst []byte, kind uint32, conn core.ConnID, ticket uint32, size int) []byte {
	c, n := uint32(conn), uint32(size)
	return append(dst, // not from an array, which costs the guest a call that copies
		byte(kind), byte(kind>>8), byte(kind>>16), byte(kind>>24),
		byte(c), byte(c>>8), byte(c>>16), byte(c>>24),
		byte(ticket), byte(ticket>>8), byte(ticket>>16), byte(ticket>>24),
		byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// Extend makes whatever follows in buf a part of the payload of the frame that begins at offset
// at.
func Extend(buf []byte, at int) {
	putU32(buf[at+12:], uint32(len(buf)-at-HeaderSize))
}

// NextInput reads the first frame of b into in, whose Data then lies within b, and returns the
// bytes behind it. What in holds may still have a Fault.
func NextInput(b []byte, in *core.Input) (rest []byte, err error) {
	end, err := FrameEnd(b)
	if err != nil {
		return b, err
	}
	in.Kind = core.InputKind(kindOf(b))
	in.Conn = core.ConnID(u32(b[4:]))
	in.Ticket = u32(b[8:])
	in.Data = b[HeaderSize:end:end]
	return b[end:], nil
}

// NextEvent reads the first frame of b into ev, whose Data then lies within b, and returns the
// bytes behind it.
func NextEvent(b []byte, ev *core.Event) (rest []byte, err error) {
	end, err := FrameEnd(b)
	if err != nil {
		return b, err
	}
	ev.Kind = core.EventKind(kindOf(b))
	ev.Conn = core.ConnID(u32(b[4:]))
	ev.Ticket = u32(b[8:])
	ev.Path, ev.Offset = "", 0
	ev.Data = b[HeaderSize:end:end]
	if ev.Kind.HasPath() {
		err = cutPath(ev)
	}
	return b[end:], err
}

// cutPath takes the path off the payload of a frame.
func cutPath(ev *core.Event) error {
	b := ev.Data
	if len(b) < pathSize || uint64(len(b)-pathSize) < uint64(u32(b[8:])) {
		return ErrShortPath
	}
	ev.Offset = int64(uint64(u32(b)) | uint64(u32(b[4:]))<<32)
	end := pathSize + int(u32(b[8:]))
	ev.Path, ev.Data = string(b[pathSize:end]), b[end:]
	return nil
}

// HoldsData tells whether the first of whole frames is a DATA frame.
func HoldsData(b []byte) bool { return u32(b) == uint32(core.InData) }

// FrameEnd returns where the first frame of b ends.
func FrameEnd(b []byte) (end int, err error) {
	if len(b) < HeaderSize {
		return 0, ErrShortHeader
	}
	size := uint64(u32(b[12:]))
	if uint64(len(b)-HeaderSize) < size {
		return 0, ErrShortPayload
	}
	return HeaderSize + int(size), nil
}

// kindOf is the kind of the frame at the start of b, or 0 if no kind is that great.
func kindOf(b []byte) uint8 {
	if kind := u32(b); kind <= math.MaxUint8 {
		return uint8(kind)
	}
	return 0
}

// ControlSize is the number of bytes of the control block.
const ControlSize = 16

// Control is the block at the address that the export control returns; a step fills it.
type Control struct {
	Output   uint32  // Address of the output frames, lent until the next call of input or step.
	Length   uint32  // Their size in bytes.
	Deadline float64 // Microseconds since the Unix epoch, by the host's clock; +Inf is never.
}

// Put writes c into the first ControlSize bytes of b.
func (c Control) Put(b []byte) {
	putU32(b, c.Output)
	putU32(b[4:], c.Length)
	bits := math.Float64bits(c.Deadline)
	putU32(b[8:], uint32(bits))
	putU32(b[12:], uint32(bits>>32))
}

// ParseControl reads the first ControlSize bytes of b.
func ParseControl(b []byte) Control {
	bits := uint64(u32(b[8:])) | uint64(u32(b[12:]))<<32
	return Control{Output: u32(b), Length: u32(b[4:]), Deadline: math.Float64frombits(bits)}
}

func u32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func putU32(b []byte, v uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}

func appendU32(b []byte, v uint32) []byte {
	return append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}
