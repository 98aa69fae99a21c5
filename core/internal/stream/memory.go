package stream

// What the parts of a stream take in a 64-bit Redis: a radix tree has a node and a leaf for most of
// its keys.
const (
	streamBytes   = 96 + 56 // with the empty radix tree of its nodes
	lastNodeRoom  = 4096    // what is allocated at once for a new node, and cut when it is full
	nodeKeyBytes  = 48      // a node's place in the tree
	groupBytes    = 96 + 160
	consumerBytes = 48 + 120
	pendingBytes  = 32 + 2*48    // with its places in the group's tree and in the consumer's
	producerBytes = 40 + 56 + 48 // with its table and its place in a radix tree
	iidBytes      = 40 + 24      // with its place in the table
	timedBytes    = 48           // its place in the order of time
	refBytes      = 48 + 72      // an entry that groups refer to, with a list of one
)

// Memory returns about how many bytes the stream takes in Redis.
func (s *Stream) Memory() int {
	n := streamBytes + nodeKeyBytes*s.nodes.n + s.bytes + groupBytes*s.shared.groups +
		consumerBytes*s.shared.consumers + pendingBytes*s.shared.pending + s.shared.names
	n += timedBytes * s.shared.timed
	n += producerBytes*s.Idmp.Pids() + iidBytes*s.Idmp.Iids() + s.Idmp.bytes
	if s.shared.refs != nil {
		n += refBytes * s.shared.refs.pending.n
	}
	if s.tail != nil {
		n += max(0, lastNodeRoom-s.tail.size)
	}
	return n
}

// Effort returns the number of pieces that the stream has in Redis, as that estimates it: all
// groups are taken for as large as the first.
func (s *Stream) Effort() int {
	n := s.radix + 1
	if all := s.Groups(); len(all) > 0 {
		n += len(all) * (1 + all[0].NumPending())
	}
	return n
}

// Usage is what MEMORY USAGE reckons for the stream: all nodes but the last are taken to be as
// large as so many first ones are on average, and a node of a radix tree to have thirty children.
func (s *Stream) Usage(samples int) int {
	const head, group, consumer, pending = 80, 40, 32, 24
	n := head + radixBytes(s.nodes.n, s.radix+1)
	sum, seen := 0, 0
	for c := s.nodes.first(); c.valid() && seen < samples; c.next() {
		sum += c.val().allocated(s)
		seen++
	}
	if s.nodes.n <= seen {
		n += sum
	} else {
		n += sum/seen*(s.nodes.n-1) + s.tail.allocated(s)
	}
	for _, g := range s.Groups() {
		n += group + radixBytes(g.pending.n, radixSize(&g.pending)) + pending*g.pending.n
		for _, c := range g.Consumers() {
			n += consumer + len(c.Name) + radixBytes(c.pending.n, radixSize(&c.pending))
		}
	}
	return n
}

// allocated is what Redis has allocated for a node: more than it needs for the last.
func (n *node) allocated(s *Stream) int {
	if n == s.tail {
		return max(lastNodeRoom, n.size)
	}
	return n.size
}

func radixBytes(keys, nodes int) int { return 16*keys + (4+30*8)*nodes }
