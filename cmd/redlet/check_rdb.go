package main

import (
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"io"
	"os"
	"strconv"
	"time"
)

// rdbVersion is the latest version of the format that a server of our version loads.
const rdbVersion = 12

// rdbTypes are how redis-check-rdb calls the types of values, by their numbers.
var rdbTypes = []string{"string", "list-linked", "set-hashtable", "zset-v1", "hash-hashtable",
	"zset-v2", "module-pre-release", "module-value", "", "hash-zipmap", "list-ziplist", "set-intset",
	"zset-ziplist", "hash-ziplist", "quicklist", "stream", "hash-listpack", "zset-listpack",
	"quicklist-v2", "stream-v2", "set-listpack", "stream-v3", "hash-hashtable-md-pre-release",
	"hash-listpack-md-pre-release", "hash-hashtable-md", "hash-listpack-md"}

// rdbCheck goes through an RDB file as redis-check-rdb does. It tells where the file ends too
// early, where something is that no version wrote, and whether the checksum is right; it does not
// look into values.
type rdbCheck struct {
	out  io.Writer
	data []byte
	at   int

	doing string // what it is reading
	key   []byte // of the value that it is reading; nil outside
	kind  int    // the value's type; -1 outside

	keys, expires, expired, subexpires int
}

// errRDB is what a check ends with that has found something.
type errRDB string

func (e errRDB) Error() string { return string(e) }

const errRDBEnd = errRDB("Unexpected EOF reading RDB file")

// checkRDB is redis-check-rdb.
func checkRDB(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintf(stderr, "Usage: %s <rdb-file-name>\n", args[0])
		return 1
	}
	if args[1] == "-v" || args[1] == "--version" {
		fmt.Fprintf(stdout, "redis-check-rdb %s\n", versionText())
		return 0
	}
	if _, ok := checkRDBFile(args[1], stdout); !ok {
		return 1
	}
	return 0
}

// checkRDBFile checks a file that an RDB file is, or begins with, and tells where that ends.
func checkRDBFile(path string, out io.Writer) (end int, ok bool) {
	c := &rdbCheck{out: out, doing: "start"}
	c.say("Checking RDB file %s", path)
	var err error
	if c.data, err = os.ReadFile(path); err != nil {
		return 0, false
	}
	if err = c.file(); err == nil {
		c.say("\\o/ RDB looks OK! \\o/")
	} else {
		fmt.Fprintf(out, "--- RDB ERROR DETECTED ---\n[offset %d] %v\n", c.at, err)
		fmt.Fprintf(out, "[additional info] While doing: %s\n", c.doing)
		if c.key != nil {
			fmt.Fprintf(out, "[additional info] Reading key '%s'\n", c.key)
		}
		if c.kind >= 0 {
			fmt.Fprintf(out, "[additional info] Reading type %d (%s)\n", c.kind, rdbTypeName(c.kind))
		}
	}
	fmt.Fprintf(out, "[info] %d keys read\n[info] %d expires\n[info] %d already expired\n"+
		"[info] %d subexpires\n", c.keys, c.expires, c.expired, c.subexpires)
	return c.at, err == nil
}

func rdbTypeName(kind int) string {
	if kind < len(rdbTypes) {
		return rdbTypes[kind]
	}
	return "unknown"
}

func (c *rdbCheck) say(format string, args ...any) {
	fmt.Fprintf(c.out, "[offset %d] %s\n", c.at, fmt.Sprintf(format, args...))
}

// take reads n bytes. Those that end too early are not counted as read.
func (c *rdbCheck) take(n uint64) []byte {
	if n > uint64(len(c.data)-c.at) {
		panic(errRDBEnd)
	}
	b := c.data[c.at : c.at+int(n)]
	c.at += int(n)
	return b
}

// file checks the whole. What it finds is thrown by what reads, from however deep.
func (c *rdbCheck) file() (err error) {
	defer func() {
		if found, is := recover().(errRDB); is {
			err = found
		}
	}()
	magic := c.take(9)
	version, _ := strconv.Atoi(string(magic[5:]))
	switch {
	case string(magic[:5]) != "REDIS":
		return errRDB("Wrong signature trying to load DB from file")
	case version < 1 || version > rdbVersion:
		return errRDB(fmt.Sprintf("Can't handle RDB format version %d", version))
	}
	for c.entry() {
	}
	if version < 5 {
		return nil
	}
	c.doing = "check-sum"
	sum := crc64.Update(^uint64(0), crcTable, c.data[:c.at])
	switch stored := binary.LittleEndian.Uint64(c.take(8)); stored {
	case 0:
		c.say("RDB file was saved with checksum disabled: no check performed.")
	case ^sum:
		c.say("Checksum OK")
	default:
		return errRDB("RDB CRC error")
	}
	return nil
}

// crcTable is that of the polynomial which RDB files are summed by.
var crcTable = crc64.MakeTable(0x95ac9329ac4bc9b5)

// entry reads up to the end of the next key; it is false at the end of the data.
func (c *rdbCheck) entry() bool {
	expiry := int64(-1)
	for {
		c.doing = "read-type"
		switch kind := int(c.take(1)[0]); kind {
		case 255:
			return false
		case 254:
			c.doing = "read-len"
			db := c.length()
			c.say("Selecting DB ID %d", db)
		case 253:
			c.doing = "read-expire"
			expiry = 1000 * int64(int32(binary.LittleEndian.Uint32(c.take(4))))
		case 252:
			c.doing = "read-expire"
			expiry = int64(binary.LittleEndian.Uint64(c.take(8)))
		case 251, 244: // sizes of tables
			c.doing = "read-len"
			c.lengths(2 + (251-kind)/7)
		case 250:
			c.doing = "read-aux"
			name, value := c.text(), c.text()
			c.say("AUX FIELD %s = '%s'", name, value)
		case 249:
			c.take(1)
		case 248:
			c.length()
		case 247:
			c.doing = "read-module-aux"
			c.lengths(3)
			c.module()
		case 245:
			c.doing = "read-functions"
			c.library()
		default:
			c.value(kind, expiry)
			return true
		}
	}
}

// library reads a library of functions, of which an early end is told otherwise.
func (c *rdbCheck) library() {
	defer func() {
		if recover() != nil {
			panic(errRDB("Failed loading library, Failed loading library payload"))
		}
	}()
	c.text()
}

// value reads a key and its value.
func (c *rdbCheck) value(kind int, expiry int64) {
	if kind >= len(rdbTypes) || kind == 8 {
		panic(errRDB(fmt.Sprintf("Invalid object type: %d", kind)))
	}
	c.kind, c.doing = kind, "read-key"
	c.key = c.text()
	c.keys++
	c.doing = "read-object-value"
	c.body(kind)
	if expiry >= 0 {
		c.expires++
		if expiry < time.Now().UnixMilli() {
			c.expired++
		}
	}
	c.key, c.kind = nil, -1
}

// body reads a value.
func (c *rdbCheck) body(kind int) {
	switch kind {
	case 1, 2, 14:
		c.texts(c.length())
	case 3:
		for n := c.length(); n > 0; n-- {
			c.text()
			if size := c.take(1)[0]; size < 253 {
				c.take(uint64(size))
			}
		}
	case 4:
		c.texts(2 * c.length())
	case 5:
		for n := c.length(); n > 0; n-- {
			c.text()
			c.take(8)
		}
	case 7:
		c.length()
		c.module()
	case 15, 19, 21:
		c.stream(kind)
	case 18:
		for n := c.length(); n > 0; n-- {
			c.length()
			c.text()
		}
	case 22, 24:
		c.subexpires++
		if kind == 24 {
			c.take(8)
		}
		for n := c.length(); n > 0; n-- {
			c.length()
			c.texts(2)
		}
	case 23, 25:
		c.subexpires++
		if kind == 25 {
			c.take(8)
		}
		c.text()
	default:
		c.text()
	}
}

// stream reads a stream with its groups.
func (c *rdbCheck) stream(kind int) {
	c.texts(2 * c.length())
	c.lengths(3)
	if kind >= 19 {
		c.lengths(5)
	}
	for groups := c.length(); groups > 0; groups-- {
		c.text()
		c.lengths(2)
		if kind >= 19 {
			c.length()
		}
		for pending := c.length(); pending > 0; pending-- {
			c.take(16 + 8)
			c.length()
		}
		for consumers := c.length(); consumers > 0; consumers-- {
			c.text()
			c.take(8)
			if kind >= 21 {
				c.take(8)
			}
			for pending := c.length(); pending > 0; pending-- {
				c.take(16)
			}
		}
	}
}

// module reads what a module has written, to its end.
func (c *rdbCheck) module() {
	for {
		switch c.length() {
		case 0:
			return
		case 1, 2:
			c.length()
		case 3:
			c.take(4)
		case 4:
			c.take(8)
		case 5:
			c.text()
		default:
			panic(errRDB("Error reading module value"))
		}
	}
}

// length reads a number, lengths and texts read and forget several.
func (c *rdbCheck) length() uint64 {
	n, special := c.number()
	if special {
		panic(errRDBEnd)
	}
	return n
}

func (c *rdbCheck) lengths(n int) {
	for ; n > 0; n-- {
		c.length()
	}
}

func (c *rdbCheck) texts(n uint64) {
	for ; n > 0; n-- {
		c.text()
	}
}

// number reads a length or, if special, the number of an encoding.
func (c *rdbCheck) number() (n uint64, special bool) {
	switch b := c.take(1)[0]; {
	case b>>6 == 0:
		return uint64(b), false
	case b>>6 == 1:
		return uint64(b&0x3f)<<8 | uint64(c.take(1)[0]), false
	case b == 0x80:
		return uint64(binary.BigEndian.Uint32(c.take(4))), false
	case b == 0x81:
		return binary.BigEndian.Uint64(c.take(8)), false
	case b>>6 == 3:
		return uint64(b & 0x3f), true
	default:
		panic(errRDBEnd)
	}
}

// text reads a string. One that is compressed is not unpacked.
func (c *rdbCheck) text() []byte {
	n, special := c.number()
	switch {
	case !special:
		return c.take(n)
	case n == 0:
		return strconv.AppendInt(nil, int64(int8(c.take(1)[0])), 10)
	case n == 1:
		return strconv.AppendInt(nil, int64(int16(binary.LittleEndian.Uint16(c.take(2)))), 10)
	case n == 2:
		return strconv.AppendInt(nil, int64(int32(binary.LittleEndian.Uint32(c.take(4)))), 10)
	case n == 3:
		packed := c.length()
		c.length()
		return c.take(packed)
	}
	panic(errRDB("Unknown RDB string encoding type " + strconv.FormatUint(n, 10)))
}
