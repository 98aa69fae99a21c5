package core

import (
	"github.com/redlet/redlet/core/internal/glob"
)

var pubsubCommands = []Command{
	{
		Name: "subscribe", Since: "2.0", Group: "pubsub",
		Flags:      PubSub | NoScript | Loading | Stale | AllowSubscribed | Keeps,
		channels:   allChannels,
		Syntax:     "channel...",
		Summary:    "Listens to channels.",
		Complexity: "O(N) for N channels",
		Run:        cmdSubscribe,
	},
	{
		Name: "unsubscribe", Since: "2.0", Group: "pubsub",
		Flags:      PubSub | NoScript | Loading | Stale | AllowSubscribed,
		Syntax:     "[channel...]",
		Summary:    "Stops listening to channels.",
		Complexity: "O(N) for N channels",
		Run:        cmdUnsubscribe,
	},
	{
		Name: "psubscribe", Since: "2.0", Group: "pubsub",
		Flags:      PubSub | NoScript | Loading | Stale | AllowSubscribed | Keeps,
		channels:   channelPatterns,
		Syntax:     "pattern:pattern...",
		Summary:    "Listens to the channels whose names match patterns.",
		Complexity: "O(N) for N patterns",
		Run:        cmdPsubscribe,
	},
	{
		Name: "punsubscribe", Since: "2.0", Group: "pubsub",
		Flags:      PubSub | NoScript | Loading | Stale | AllowSubscribed,
		Syntax:     "[pattern:pattern...]",
		Summary:    "Stops listening to patterns.",
		Complexity: "O(N) for N patterns",
		Run:        cmdPunsubscribe,
	},
	{
		Name: "ssubscribe", Since: "7.0", Group: "pubsub",
		Flags:      PubSub | NoScript | Loading | Stale | AllowSubscribed | Keeps,
		channels:   allChannels,
		Syntax:     "shardchannel...",
		Keys:       "1:-1 not_key",
		Summary:    "Listens to shard channels.",
		Complexity: "O(N) for N shard channels",
		Run:        cmdSsubscribe,
	},
	{
		Name: "sunsubscribe", Since: "7.0", Group: "pubsub",
		Flags:      PubSub | NoScript | Loading | Stale | AllowSubscribed,
		Syntax:     "[shardchannel...]",
		Keys:       "1:-1 not_key",
		Summary:    "Stops listening to shard channels.",
		Complexity: "O(N) for N shard channels",
		Run:        cmdSunsubscribe,
	},
	{
		Name: "publish", Since: "2.0", Group: "pubsub",
		Flags:      PubSub | Loading | Stale | Fast | MayReplicate,
		channels:   oneChannel,
		Syntax:     "channel message",
		Summary:    "Sends a message to a channel.",
		Complexity: "O(N+M) for N listeners to the channel and M patterns in all",
		Run:        cmdPublish,
	},
	{
		Name: "spublish", Since: "7.0", Group: "pubsub",
		Flags:      PubSub | Loading | Stale | Fast | MayReplicate,
		channels:   oneChannel,
		Syntax:     "shardchannel message",
		Keys:       "1 not_key",
		Summary:    "Sends a message to a shard channel.",
		Complexity: "O(N) for N listeners",
		Run:        cmdSpublish,
	},
	{
		Name: "pubsub", Since: "2.8", Group: "pubsub",
		Arity:      -2,
		Summary:    "Groups the commands that look at publish and subscribe.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "help", Since: "6.2", Group: "pubsub",
				Flags:      Loading | Stale,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "channels", Since: "2.8", Group: "pubsub",
				Flags:      PubSub | Loading | Stale,
				Syntax:     "[pattern:pattern]",
				Summary:    "Lists the channels that have listeners.",
				Complexity: "O(N) for N channels",
				Run:        cmdPubsubChannels,
			},
			{
				Name: "numpat", Since: "2.8", Group: "pubsub",
				Flags:      PubSub | Loading | Stale,
				Summary:    "Counts the patterns that are listened to.",
				Complexity: "O(1)",
				Run:        cmdPubsubNumpat,
			},
			{
				Name: "numsub", Since: "2.8", Group: "pubsub",
				Flags:      PubSub | Loading | Stale,
				Syntax:     "[channel...]",
				Summary:    "Counts the listeners of channels.",
				Complexity: "O(N) for N channels asked for",
				Run:        cmdPubsubNumsub,
			},
			{
				Name: "shardchannels", Since: "7.0", Group: "pubsub",
				Flags:      PubSub | Loading | Stale,
				Syntax:     "[pattern:pattern]",
				Summary:    "Lists the shard channels that have listeners.",
				Complexity: "O(N) for N shard channels",
				Run:        cmdPubsubShardchannels,
			},
			{
				Name: "shardnumsub", Since: "7.0", Group: "pubsub",
				Flags:      PubSub | Loading | Stale,
				Syntax:     "[shardchannel...]",
				Summary:    "Counts the listeners of shard channels.",
				Complexity: "O(N) for N shard channels asked for",
				Run:        cmdPubsubShardnumsub,
			},
		},
	},
}

// subWords are the first words of (un)subscribe replies.
var subWords = [subKinds][2]string{
	{"subscribe", "unsubscribe"},
	{"psubscribe", "punsubscribe"},
	{"ssubscribe", "sunsubscribe"},
}

func cmdSubscribe(c *Call)    { c.subscribe(subChannel) }
func cmdUnsubscribe(c *Call)  { c.unsubscribe(subChannel) }
func cmdPsubscribe(c *Call)   { c.subscribe(subPattern) }
func cmdPunsubscribe(c *Call) { c.unsubscribe(subPattern) }
func cmdSsubscribe(c *Call)   { c.subscribe(subShard) }
func cmdSunsubscribe(c *Call) { c.unsubscribe(subShard) }

func (c *Call) subscribe(k subKind) {
	if k == subShard && c.conn.has(connExec) {
		c.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
		return
	}
	for _, name := range c.Args[1:] {
		c.e.subscribe(c.conn, k, string(name))
		c.subReply(k, 0, name)
	}
}

func (c *Call) unsubscribe(k subKind) {
	if len(c.Args) > 1 {
		for _, name := range c.Args[1:] {
			c.e.unsubscribe(c.conn, k, string(name))
			c.subReply(k, 1, name)
		}
		return
	}
	subs := &c.conn.subs[k]
	if subs.Len() == 0 {
		c.subReply(k, 1, nil)
		return
	}
	names := make([]string, 0, subs.Len())
	for name := range subs.All {
		names = append(names, name)
	}
	for _, name := range names {
		c.e.unsubscribe(c.conn, k, name)
		c.subReply(k, 1, []byte(name))
	}
}

// subReply writes the message that confirms a subscription (how 0) or its end (1).
func (c *Call) subReply(k subKind, how int, name []byte) {
	at := c.Len()
	c.Push(3)
	c.BulkString(subWords[k][how])
	if name == nil {
		c.Null()
	} else {
		c.Bulk(name)
	}
	c.Count(c.conn.subCount(k))
	c.conn.noteMessage(at)
}

func cmdPublish(c *Call) {
	c.Count(c.e.publish(c.Args[1], c.Args[2]))
	c.sendMessage("publish")
}

func cmdSpublish(c *Call) {
	c.Count(c.e.publishShard(c.Args[1], c.Args[2]))
	c.sendMessage("publishshard")
}

// sendMessage has a message reach those who listen elsewhere: the nodes of a cluster tell one
// another, and replicas get it in the stream.
func (c *Call) sendMessage(verb string) {
	if c.e.cluster != nil {
		c.e.spread(verb, c.Args[1], c.Args[2])
		return
	}
	c.propagateMessage()
}

func cmdPubsubChannels(c *Call)      { c.listChannels(subChannel) }
func cmdPubsubShardchannels(c *Call) { c.listChannels(subShard) }

func (c *Call) listChannels(k subKind) {
	if len(c.Args) > 3 {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	at, n := c.ArrayLater(), 0
	for name := range c.e.pubsub.to[k].All {
		if len(c.Args) < 3 || glob.Match(c.Args[2], []byte(name), false) {
			c.BulkString(name)
			n++
		}
	}
	c.ArrayEnd(at, '*', n)
}

func cmdPubsubNumpat(c *Call) { c.Count(c.e.pubsub.to[subPattern].Len()) }

func cmdPubsubNumsub(c *Call)      { c.countSubscribers(subChannel) }
func cmdPubsubShardnumsub(c *Call) { c.countSubscribers(subShard) }

func (c *Call) countSubscribers(k subKind) {
	c.Array(2 * len(c.Args[2:]))
	for _, name := range c.Args[2:] {
		c.Bulk(name)
		c.Count(len(c.e.subscribers(k, name)))
	}
}
