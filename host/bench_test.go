package host

import (
	"strconv"
	"testing"

	"github.com/redlet/redlet/core"
)

// requests are n commands, SET and GET in turn over 1000 keys, as n inputs of a batch each.
func requests(batch int) [][]byte {
	inputs := make([][]byte, 1000)
	for i := range inputs {
		for j := range batch {
			key := "key:" + strconv.Itoa((i*batch+j)/2%1000+1000)
			if j%2 == i*batch%2 {
				inputs[i] = append(inputs[i], "*3\r\n$3\r\nSET\r\n$8\r\n"+key+"\r\n$8\r\nxxxxxxxx\r\n"...)
			} else {
				inputs[i] = append(inputs[i], "*2\r\n$3\r\nGET\r\n$8\r\n"+key+"\r\n"...)
			}
		}
	}
	return inputs
}

// eachBatch runs a benchmark on every engine at batches of 1 and 16; run reports on b.N commands.
func eachBatch(b *testing.B, run func(b *testing.B, m Maker, batch int, in [][]byte)) {
	for _, name := range []string{"native", "wazero"} {
		for _, batch := range []int{1, 16} {
			b.Run(name+"/batch="+strconv.Itoa(batch), func(b *testing.B) {
				needGuest(b, makers[name])
				b.ReportAllocs()
				run(b, makers[name], batch, requests(batch))
				b.ReportMetric(float64(b.N)/1e6/b.Elapsed().Seconds(), "Mcmd/s")
			})
		}
	}
}

// BenchmarkStep is the engine alone: one Input of a batch a Step.
func BenchmarkStep(b *testing.B) {
	eachBatch(b, func(b *testing.B, m Maker, batch int, in [][]byte) {
		e, err := m(core.Options{Now: 1})
		if err != nil {
			b.Fatal(err)
		}
		defer e.Close()
		peer := core.Conn{Addr: "127.0.0.1:1", Laddr: "127.0.0.1:2"}
		input := []core.Input{{Kind: core.InOpen, Conn: 1, Data: peer.AppendTo(nil)}}
		out, _, err := e.Step(1, input, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		for i := 0; i < b.N; i += batch {
			input[0] = core.Input{Kind: core.InData, Conn: 1, Data: in[i/batch%len(in)]}
			if out, _, err = e.Step(core.Time(i), input, out[:0]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCaller is the way of a Go program: the Loop, and the replies in its hands.
func BenchmarkCaller(b *testing.B) {
	eachBatch(b, func(b *testing.B, m Maker, batch int, in [][]byte) {
		c, err := newLoop(b, LoopOptions{Maker: m}).Caller()
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		var replies []byte
		b.ResetTimer()
		for i := 0; i < b.N; i += batch {
			if replies, err = c.Do(replies[:0], in[i/batch%len(in)], batch); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDial is the way of a client library over a connection without a port.
func BenchmarkDial(b *testing.B) {
	eachBatch(b, func(b *testing.B, m Maker, batch int, in [][]byte) {
		c, err := newLoop(b, LoopOptions{Maker: m}).Dial()
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		buf := make([]byte, 64<<10)
		b.ResetTimer()
		for i := 0; i < b.N; i += batch {
			if _, err = c.Write(in[i/batch%len(in)]); err != nil {
				b.Fatal(err)
			}
			if _, err = c.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkStart is from nothing to the first answer; under wazero the module is compiled already.
func BenchmarkStart(b *testing.B) {
	for _, name := range []string{"native", "wazero"} {
		b.Run(name, func(b *testing.B) {
			needGuest(b, makers[name])
			ping := []byte("PING\r\n")
			for b.Loop() {
				l, err := NewLoop(LoopOptions{Maker: makers[name]})
				if err != nil {
					b.Fatal(err)
				}
				c, err := l.Caller()
				if err != nil {
					b.Fatal(err)
				}
				if _, err = c.Do(nil, ping, 1); err != nil {
					b.Fatal(err)
				}
				if err := l.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTurn is a Step with no input: the crossing and the clock.
func BenchmarkTurn(b *testing.B) {
	for _, name := range []string{"native", "wazero"} {
		b.Run(name, func(b *testing.B) {
			needGuest(b, makers[name])
			e, err := makers[name](core.Options{Now: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			for i := 0; b.Loop(); i++ {
				if _, _, err := e.Step(core.Time(i), nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
