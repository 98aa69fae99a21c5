package core_test

import (
	"bytes"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// BenchmarkACL is what GET and SET, sixteen at a time, cost a user with three rules beside the
// default user.
func BenchmarkACL(b *testing.B) {
	for _, user := range []string{"default", "app"} {
		for _, command := range []string{"GET app:1", "SET app:1 xxxxxxxx"} {
			b.Run(user+"/"+command[:3], func(b *testing.B) {
				e, err := core.New(core.Options{Now: coretest.Epoch})
				if err != nil {
					b.Fatal(err)
				}
				open(e, 1)
				feed(e, 1, string(requests("SET app:1 xxxxxxxx|"+
					"ACL SETUSER app on nopass ~app:* +@read +set|AUTH "+user+" x")))
				in := core.Input{Kind: core.InData, Conn: 1,
					Data: bytes.Repeat(requests(command), 16)}
				var ev core.Event
				b.ReportAllocs()
				for b.Loop() {
					e.Input(&in)
					for e.Poll(&ev) {
					}
				}
			})
		}
	}
}
