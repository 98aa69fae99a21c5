// Package ordered is a map that remembers the order in which its keys came.
package ordered

// Map maps keys to V. The zero value is empty and ready. Everything but All is O(1), amortised.
type Map[V any] struct {
	at   map[string]int // places in list
	list []item[V]      // the last is there; more than half are
}

type item[V any] struct {
	_ [0]func() // not compared

	key   string
	val   V
	there bool
}

// Len is the number of keys.
func (m *Map[V]) Len() int { return len(m.at) }

// Find is the value of key, nil when there is none. The pointer is valid until the next Put or
// Delete.
func (m *Map[V]) Find(key string) *V {
	if i, ok := m.at[key]; ok {
		return &m.list[i].val
	}
	return nil
}

// Put is the value of key, which comes last with the zero V where it was missing: fresh tells. The
// pointer is valid until the next Put or Delete.
func (m *Map[V]) Put(key string) (v *V, fresh bool) {
	i, ok := m.at[key]
	if !ok {
		if m.at == nil {
			m.at = map[string]int{}
		}
		i = len(m.list)
		m.at[key] = i
		m.list = append(m.list, item[V]{key: key, there: true})
	}
	return &m.list[i].val, !ok
}

// Delete removes key, and tells whether it was there.
func (m *Map[V]) Delete(key string) bool {
	i, ok := m.at[key]
	if !ok {
		return false
	}
	delete(m.at, key)
	m.list[i] = item[V]{}
	n := len(m.list)
	for n > 0 && !m.list[n-1].there {
		n--
	}
	if m.list = m.list[:n]; n > 2*len(m.at) {
		m.close()
	}
	return true
}

// close closes the gaps.
//
//go:noinline
func (m *Map[V]) close() {
	n := 0
	for _, it := range m.list {
		if it.there {
			m.list[n], m.at[it.key] = it, n
			n++
		}
	}
	clear(m.list[n:])
	m.list = m.list[:n]
}

// Last is the key that came last, of a map that is not empty.
func (m *Map[V]) Last() string { return m.list[len(m.list)-1].key }

// All visits everything in the order in which it came, until visit returns false; to be ranged
// over. Nothing may be put or deleted meanwhile.
func (m *Map[V]) All(visit func(key string, v *V) bool) {
	for i := range m.list {
		if it := &m.list[i]; it.there && !visit(it.key, &it.val) {
			return
		}
	}
}
