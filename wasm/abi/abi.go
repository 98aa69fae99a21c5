// Package abi defines what crosses the wall of the WebAssembly guest: frames, the control block
// and the payloads. The guest and its hosts share it, so it imports neither, and nothing that
// weighs much in a guest.
//
// ABI.md in the folder above describes the same for hosts that are not written in Go.
package abi

import "math"

// Version is what the guest's export abi_version answers. It changes when an old host would
// misread a new guest.
const Version = 1

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

// Kind says what a frame means. Its numbers mean different things on the way in and on the way
// out.
type Kind uint32

// Kinds of frames that a host sends to the guest.
const (
	InConfigure Kind = 1 // Payload: see AppendConfigure. Answered by OutConfigured.
	InOpen      Kind = 2 // Payload: see AppendOpen.
	InData      Kind = 3 // Payload: bytes from the peer.
	InClose     Kind = 4 // The peer has gone.
	InCork      Kind = 5 // The peer takes no output now.
	InUncork    Kind = 6 // Output flows again.
	InSaved     Kind = 7 // Ticket: that of the OutSave. Payload: why it failed, or empty.
	InSnapshot  Kind = 8 // Answered by OutSnapshot with the same ticket.
	InRestore   Kind = 9 // Payload: an RDB image. Answered by OutRestored with the same ticket.

	// InStop asks the guest to shut down; payload: the signal that the host was given, "sigint" or
	// "sigterm". Answered by OutShutdown, perhaps after an OutSave.
	InStop Kind = 10

	InReplay    Kind = 11 // Payload: a file of the append-only file. Answered by OutReplayed.
	InLoaded    Kind = 12 // Answers OutLoad. Payload: why loading failed, or empty.
	InAppended  Kind = 13 // Payload: why an OutAppend failed; empty: after that all was appended.
	InRewritten Kind = 14 // Ticket: that of the OutRewrite. Payload: why it failed, or empty.
)

// Kinds of frames that the guest sends to its host.
const (
	OutData       Kind = 1 // Payload: bytes for the peer.
	OutHangup     Kind = 2 // Payload: the last bytes for the peer, which the guest forgets.
	OutSave       Kind = 3 // Payload: see ParseSave. Answered with InSaved, same ticket.
	OutShutdown   Kind = 4 // Payload: why the process must stop.
	OutLog        Kind = 5 // Ticket: the level, 0 debug to 3 warning. Payload: text.
	OutSnapshot   Kind = 6 // Payload: an RDB image.
	OutRestored   Kind = 7 // Payload: empty, or why nothing was restored.
	OutConfigured Kind = 8 // Payload: empty, or why the configuration was refused.

	OutLoad     Kind = 9  // Payload: the path of the append-only file. Answered with InLoaded.
	OutAppend   Kind = 10 // Ticket: what to do beyond appending. Payload: what to append.
	OutRewrite  Kind = 11 // Payload: as OutSave. Answered with InRewritten, same ticket.
	OutReplayed Kind = 12 // Payload: see ParseReplayed.
)

// HeaderSize is the number of bytes before a frame's payload.
const HeaderSize = 16

// Frame is one message. Payload is a slice of the buffer that the frame was read from.
type Frame struct {
	Kind    Kind
	Conn    uint32
	Ticket  uint32
	Payload []byte
}

// Error is a constant error; the guest can afford no fmt.
type Error string

// Error returns the text itself.
func (e Error) Error() string { return string(e) }

// What can be wrong with bytes that should be frames or payloads.
const (
	ErrShortHeader  Error = "abi: a frame's header is cut short"
	ErrShortPayload Error = "abi: a frame's payload is cut short"
	ErrBadOpen      Error = "abi: OPEN must hold `addr laddr fd unix`"
	ErrBadSave      Error = "abi: SAVE must hold a path and an image"
	ErrBadReplayed  Error = "abi: REPLAYED must begin with a number of bytes"
	ErrNoSeed       Error = "abi: CONFIGURE must begin with 32 bytes of seed"
	ErrQuotes       Error = "unbalanced quotes in configuration line"
	ErrNoValue      Error = "wrong number of arguments in configuration line"
)

// AppendHeader appends the header of a frame whose payload of size bytes the caller appends
// next.
func AppendHeader(dst []byte, kind Kind, conn, ticket uint32, size int) []byte {
	var header [HeaderSize]byte
	putU32(header[:], uint32(kind))
	putU32(header[4:], conn)
	putU32(header[8:], ticket)
	putU32(header[12:], uint32(size))
	return append(dst, header[:]...)
}

// AppendFrame appends a whole frame.
func AppendFrame(dst []byte, f Frame) []byte {
	dst = AppendHeader(dst, f.Kind, f.Conn, f.Ticket, len(f.Payload))
	return append(dst, f.Payload...)
}

// PatchSize writes the size of a frame whose header begins at offset at and whose payload is
// all that follows in buf. It serves a writer that learns the size only by appending.
func PatchSize(buf []byte, at int) {
	putU32(buf[at+12:], uint32(len(buf)-at-HeaderSize))
}

// Next reads the first frame of b and returns it with the bytes behind it.
// The payload lies within b and cannot be appended to without a copy.
func Next(b []byte) (f Frame, rest []byte, err error) {
	if len(b) < HeaderSize {
		return f, b, ErrShortHeader
	}
	size := uint64(u32(b[12:]))
	if uint64(len(b)-HeaderSize) < size {
		return f, b, ErrShortPayload
	}
	end := HeaderSize + int(size)
	f.Kind = Kind(u32(b))
	f.Conn = u32(b[4:])
	f.Ticket = u32(b[8:])
	f.Payload = b[HeaderSize:end:end]
	return f, b[end:], nil
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
