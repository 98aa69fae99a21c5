package redlet

import (
	"net"
	"os"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/netbridge"
)

// A Go compiler compiles generic types anew in each package that can see them, if only as a field
// of a field: a test that imported this package would compile the engine's dictionaries and heaps
// at every edit, which took longer than all else about it. So what Server and Option hold is named
// by the interfaces here. A test sees to it that nobody sees the engine.

// loop is a [host.Loop].
type loop interface {
	Dial() (net.Conn, error)
	DialOwn() (net.Conn, error)
	Control(order string) (string, error)
	Forward(d time.Duration) error
	SetTime(t time.Time) error
	Now() (time.Time, error)
	Snapshot() ([]byte, error)
	Restore(image []byte) error
	Close() error
}

// bridge is a [netbridge.Bridge].
type bridge interface {
	Listen(network, address string, secure netbridge.Secure) (net.Addr, error)
	ListenUnix(path string, perm os.FileMode) (net.Addr, error)
	Close() error
}

// caller is a [host.Caller].
type caller interface {
	Do(dst, requests []byte, n int) ([]byte, error)
	Home() bool
	Elsewhere() bool
	Over() bool
	Close() error
}

// call is a [core.Call].
type call interface {
	Matches(pattern ...string) bool
	Flags() core.Flag
	Client() core.ConnID
	InScript() bool
	DB() int
	Now() core.Time
	Random() uint64
	Do(name string, args ...[]byte) []byte

	OK()
	Status(s string)
	Error(text string)
	Int(n int64)
	Double(f float64)
	Bool(yes bool)
	BigNumber(digits string)
	Bulk(b []byte)
	BulkString(s string)
	Verbatim(format, text string)
	Null()
	Array(n int)
	Map(n int)
	Set(n int)
	Raw(reply []byte)
	Len() int
}

// LoopOf returns what runs the engine of a server, for what [Server] does not offer, such as
// package netbridge with more sockets. Packages host and netbridge may change with any version.
func LoopOf(s *Server) *host.Loop { return s.loop.(*host.Loop) }

// engineOptions are those options that name the engine's own types.
type engineOptions struct {
	maker host.Maker // nil: native
	more  []core.Command
	types []*core.Type
}

func engineOf(o *settings) *engineOptions {
	if o.engine == nil {
		o.engine = &engineOptions{}
	}
	return o.engine.(*engineOptions)
}
