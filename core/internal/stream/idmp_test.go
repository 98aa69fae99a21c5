package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestIdmp has producers record messages and time pass, and compares what is remembered with lists
// that are searched.
func TestIdmp(t *testing.T) {
	type message struct {
		iid string
		id  ID
	}
	rng := rand.New(rand.NewPCG(7, 8))
	m := &New(1).Idmp
	m.Duration, m.MaxSize = 1, 5
	plain := map[string][]message{}
	now := uint64(0)
	for step := range 30_000 {
		pid, iid := fmt.Sprint(rng.IntN(4)), fmt.Sprint(rng.IntN(12))
		at := slices.IndexFunc(plain[pid], func(e message) bool { return e.iid == iid })
		switch id, ok := m.Find([]byte(pid), []byte(iid)); {
		case ok != (at >= 0), ok && id != plain[pid][at].id:
			t.Fatal(step, pid, iid, id, ok, plain[pid])
		case !ok:
			id = ID{now, uint64(step)}
			if rng.IntN(20) == 0 {
				id.Ms = rng.Uint64N(now + 5000)
			}
			m.Record([]byte(pid), []byte(iid), id)
			plain[pid] = append(plain[pid], message{iid, id})
			if len(plain[pid]) > 5 {
				plain[pid] = plain[pid][1:]
			}
		case rng.IntN(10) == 0: // recorded once more, as from a file
			id = ID{now, uint64(step)}
			m.Record([]byte(pid), []byte(iid), id)
			plain[pid] = append(slices.Delete(plain[pid], at, at+1), message{iid, id})
		}
		now += rng.Uint64N(60)
		m.Expire(int64(now))
		pids, iids := 0, 0
		for pid, list := range plain {
			for len(list) > 0 && list[0].id.Ms+1000 <= now {
				list = list[1:]
			}
			plain[pid] = list
			iids += len(list)
			if len(list) > 0 {
				pids++
			}
		}
		if m.Pids() != pids || m.Iids() != iids {
			t.Fatal(step, m.Pids(), m.Iids(), plain)
		}
		if step%1000 == 0 {
			c := &New(2).Idmp
			pid := ""
			m.Each(func(name string, _ int) { pid = name },
				func(name string, id ID) { c.Load([]byte(pid), []byte(name), id) })
			if c.Pids() != pids || c.Iids() != iids || c.bytes != m.bytes || c.Plain() {
				t.Fatal(step, c.Pids(), c.Iids(), c.bytes, m.bytes)
			}
		}
	}
	m.Clear()
	if _, due := m.Due(); due || m.Pids()+m.Iids()+m.bytes > 0 {
		t.Error("something is left")
	}
}
