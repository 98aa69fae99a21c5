package host

import (
	"fmt"
	"math"
	"net/netip"
)

// hashSlots is how many slots the keys of a cluster fall into.
const hashSlots = 16384

// Cluster makes the engines of loops, which were started with cluster-enabled yes, the masters of a
// cluster that share the slots evenly. addrs are where clients reach them, in the order of loops.
// From then on slots move as clients say by CLUSTER SETSLOT, which they have to say to each node,
// as redis-cli does: nodes do not tell each other.
func Cluster(loops []*Loop, addrs []netip.AddrPort) error {
	introductions := make([]string, len(loops))
	share, first := hashSlots/float64(len(loops)), 0
	for i, l := range loops {
		ids, err := l.Control("cluster")
		if err != nil {
			return err
		}
		last := int(math.Round(float64(i+1)*share)) - 1
		introductions[i] = fmt.Sprintf("cluster %s %s %d %d %d %d", ids, addrs[i].Addr(),
			addrs[i].Port(), i+1, first, last)
		first = last + 1
	}
	for _, l := range loops {
		for _, order := range introductions {
			if _, err := l.Control(order); err != nil {
				return err
			}
		}
	}
	return nil
}
