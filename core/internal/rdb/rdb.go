// Package rdb reads and writes the RDB format: the file a Redis server saves, and the payload that
// DUMP gives and RESTORE takes.
//
// It knows bytes, lengths and encodings, not commands or stored values. A Writer appends to the
// caller's buffer; a Reader reads from a slice that holds the whole image. Whatever the image
// holds, the Reader answers with a value or with an *Error that carries the offset at which the
// image stops making sense: it never panics, and never allocates more than a fixed multiple of
// the image's own size.
package rdb

import "strconv"

// Version is the version of the format that is written: the one of Redis 8.0.
const Version = 12

// Newest is the newest version that is read, the one of Redis 8.8, and every earlier one is. What
// came since Version are layouts of types alone.
const Newest = 14

// A Type is the byte before a value that tells how the value is laid out.
type Type uint8

// The types, under the numbers that the file holds. Those without a reading method of their own
// are named so that an image that holds them is refused by name.
const (
	TypeString              Type = 0
	TypeList                Type = 1
	TypeSet                 Type = 2
	TypeZset                Type = 3
	TypeHash                Type = 4
	TypeZset2               Type = 5
	TypeModulePreGA         Type = 6
	TypeModule2             Type = 7
	TypeHashZipmap          Type = 9
	TypeListZiplist         Type = 10
	TypeSetIntset           Type = 11
	TypeZsetZiplist         Type = 12
	TypeHashZiplist         Type = 13
	TypeListQuicklist       Type = 14
	TypeStreamListpacks     Type = 15
	TypeHashListpack        Type = 16
	TypeZsetListpack        Type = 17
	TypeListQuicklist2      Type = 18
	TypeStreamListpacks2    Type = 19
	TypeSetListpack         Type = 20
	TypeStreamListpacks3    Type = 21
	TypeHashMetadataPreGA   Type = 22
	TypeHashListpackExPreGA Type = 23
	TypeHashMetadata        Type = 24
	TypeHashListpackEx      Type = 25
	TypeStreamListpacks4    Type = 26 // since Redis 8.6
	TypeStreamListpacks5    Type = 27 // since Redis 8.8
	TypeArray               Type = 28
)

var typeNames = [...]string{
	TypeString: "string", TypeList: "list", TypeSet: "set", TypeZset: "zset", TypeHash: "hash",
	TypeZset2: "zset-v2", TypeModulePreGA: "module-pre-release", TypeModule2: "module-value",
	TypeHashZipmap: "hash-zipmap", TypeListZiplist: "list-ziplist", TypeSetIntset: "set-intset",
	TypeZsetZiplist: "zset-ziplist", TypeHashZiplist: "hash-ziplist",
	TypeListQuicklist: "quicklist", TypeStreamListpacks: "stream",
	TypeHashListpack: "hash-listpack", TypeZsetListpack: "zset-listpack",
	TypeListQuicklist2: "quicklist-v2", TypeStreamListpacks2: "stream-v2",
	TypeSetListpack: "set-listpack", TypeStreamListpacks3: "stream-v3",
	TypeHashMetadataPreGA:   "hash-hashtable-md-pre-release",
	TypeHashListpackExPreGA: "hash-listpack-md-pre-release",
	TypeHashMetadata:        "hash-hashtable-md", TypeHashListpackEx: "hash-listpack-md",
	TypeStreamListpacks4: "stream-v4", TypeStreamListpacks5: "stream-v5",
	TypeArray: "array",
}

// String names the type, or gives its number if it has no name.
func (t Type) String() string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return "type " + strconv.Itoa(int(t))
}

// The opcodes that stand where a value's type could stand.
const (
	opSlotInfo      = 0xf4
	opFunction2     = 0xf5
	opFunctionPreGA = 0xf6
	opModuleAux     = 0xf7
	opIdle          = 0xf8
	opFreq          = 0xf9
	opAux           = 0xfa
	opResizeDB      = 0xfb
	opExpireMs      = 0xfc
	opExpireSec     = 0xfd
	opSelectDB      = 0xfe
	opEOF           = 0xff
)

// The two upper bits of a length's first byte, or all of it.
const (
	len6       = 0x00 // six bits of length in the byte itself
	len14      = 0x40 // six bits, then eight more
	len32      = 0x80 // four bytes follow, the greatest first
	len64      = 0x81 // eight bytes follow, the greatest first
	lenSpecial = 0xc0 // no length: the lower six bits say how the string is encoded
)

// The special encodings of a string.
const (
	encInt8  = 0
	encInt16 = 1
	encInt32 = 2
	encLZF   = 3
)

// The containers of a node of a TypeListQuicklist2.
const (
	containerPlain  = 1
	containerPacked = 2
)

// NoExpiry, as a time in milliseconds, says that a key or a field does not expire.
const NoExpiry int64 = -1

// An Error tells where an image stops making sense, and why.
type Error struct {
	Offset int    // of the byte, counted from the image's first
	Reason string // a clause without a full stop
	Kind   ErrorKind
}

// ErrorKind is what redis-server tells apart of an image that it cannot read.
type ErrorKind uint8

// The kinds of errors.
const (
	Damage      ErrorKind = iota
	NoImage               // it does not begin as an image does
	BadVersion            // it is of a version that cannot be read
	TooShort              // it ends too early
	BadChecksum           // the checksum at the end is another
)

// Error gives the reason and the offset.
func (e *Error) Error() string {
	return "RDB: " + e.Reason + " at offset " + strconv.Itoa(e.Offset)
}
