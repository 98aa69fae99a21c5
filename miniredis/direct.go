package miniredis

import (
	"errors"
	"slices"
	"sort"
	"strconv"
	"time"
)

// RedisDB is one numbered database of a server.
type RedisDB struct {
	m  *Miniredis
	id int
}

// StreamEntry is an entry of a stream: its ID, such as "123-0", and names and values by turns.
type StreamEntry struct {
	ID     string
	Values []string
}

// DB returns a database by its number.
func (m *Miniredis) DB(i int) *RedisDB { return &RedisDB{m, i} }

// Select chooses the database of the direct commands.
func (m *Miniredis) Select(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.selected = i
}

// db is the database that Select chose.
func (m *Miniredis) db() *RedisDB {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &RedisDB{m, m.selected}
}

func (db *RedisDB) do(args ...string) any { return db.m.do(db.id, args...) }

// more is do with arguments of which some are in a slice.
func (db *RedisDB) more(some []string, args ...string) any {
	return db.do(append(args, some...)...)
}

// found is what is asked of a key that must be there: of the type that the command asks for.
func (db *RedisDB) found(args ...string) any {
	reply := db.do(args...)
	if _, failed := reply.(error); !failed && !db.Exists(args[1]) {
		return ErrKeyNotFound
	}
	return reply
}

// Exists tells whether a key is there.
func (db *RedisDB) Exists(k string) bool { return db.do("EXISTS", k) == 1 }

// Del removes a key, and tells whether it was there.
func (db *RedisDB) Del(k string) bool { return db.do("DEL", k) == 1 }

// Unlink is Del.
func (db *RedisDB) Unlink(k string) bool { return db.do("UNLINK", k) == 1 }

// FlushDB removes all keys.
func (db *RedisDB) FlushDB() { db.do("FLUSHDB") }

// Keys are all keys, sorted.
func (db *RedisDB) Keys() []string {
	keys, _ := texts(db.do("KEYS", "*"))
	slices.Sort(keys)
	return append([]string{}, keys...)
}

// Type is the type of a key; "" if it is not there.
func (db *RedisDB) Type(k string) string {
	kind, _ := text(db.do("TYPE", k))
	if kind == "none" {
		return ""
	}
	return kind
}

// TTL is how long a key has; 0 if for ever, or if it is not there.
func (db *RedisDB) TTL(k string) time.Duration { return lasts(db.do("PTTL", k)) }

func lasts(ms any) time.Duration {
	n, _ := ms.(int)
	return time.Duration(max(n, 0)) * time.Millisecond
}

// SetTTL says how long a key has; 0 is for ever.
func (db *RedisDB) SetTTL(k string, ttl time.Duration) {
	if ttl == 0 {
		db.do("PERSIST", k)
		return
	}
	db.do("PEXPIRE", k, milliseconds(ttl))
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Get is the string at a key, or ErrKeyNotFound.
func (db *RedisDB) Get(k string) (string, error) {
	reply := db.do("GET", k)
	if reply == nil {
		return "", ErrKeyNotFound
	}
	return text(reply)
}

// Set stores a string without an expiry. The key must not hold another type.
func (db *RedisDB) Set(k, v string) error {
	if err, failed := db.do("GET", k).(error); failed {
		return err
	}
	_, err := text(db.do("SET", k, v))
	return err
}

// Incr adds to an integer and returns it.
func (db *RedisDB) Incr(k string, delta int) (int, error) {
	return number(db.do("INCRBY", k, strconv.Itoa(delta)))
}

// Incrfloat adds to a number and returns it.
func (db *RedisDB) Incrfloat(k string, delta float64) (float64, error) {
	return float(db.do("INCRBYFLOAT", k, double(delta)))
}

func double(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// List are the items of a list, or ErrKeyNotFound.
func (db *RedisDB) List(k string) ([]string, error) {
	return texts(db.found("LRANGE", k, "0", "-1"))
}

// Lpush puts an item first and returns the new length.
func (db *RedisDB) Lpush(k, v string) (int, error) { return number(db.do("LPUSH", k, v)) }

// Push puts items last and returns the new length.
func (db *RedisDB) Push(k string, v ...string) (int, error) {
	return number(db.more(v, "RPUSH", k))
}

// Lpop removes the first item and returns it, or ErrKeyNotFound.
func (db *RedisDB) Lpop(k string) (string, error) { return db.pop("LPOP", k) }

// Pop removes the last item and returns it, or ErrKeyNotFound.
func (db *RedisDB) Pop(k string) (string, error) { return db.pop("RPOP", k) }

func (db *RedisDB) pop(command, k string) (string, error) {
	reply := db.do(command, k)
	if reply == nil {
		return "", ErrKeyNotFound
	}
	return text(reply)
}

// SetAdd adds members and returns how many are new.
func (db *RedisDB) SetAdd(k string, elems ...string) (int, error) {
	return number(db.more(elems, "SADD", k))
}

// SRem removes members and returns how many were there, or ErrKeyNotFound.
func (db *RedisDB) SRem(k string, fields ...string) (int, error) {
	if !db.Exists(k) {
		return 0, ErrKeyNotFound
	}
	return number(db.more(fields, "SREM", k))
}

// SCard is the number of members.
func (db *RedisDB) SCard(k string) (int, error) { return number(db.do("SCARD", k)) }

// SRandMember is a member by chance; "" if there is none.
func (db *RedisDB) SRandMember(k string) (string, error) { return text(db.do("SRANDMEMBER", k)) }

// IsMember tells whether a set has a member, or ErrKeyNotFound.
func (db *RedisDB) IsMember(k, v string) (bool, error) {
	n, err := number(db.found("SISMEMBER", k, v))
	return n == 1, err
}

// Members are a set's members, sorted, or ErrKeyNotFound.
func (db *RedisDB) Members(k string) ([]string, error) {
	members, err := texts(db.found("SMEMBERS", k))
	slices.Sort(members)
	return members, err
}

// HGet is a field of a hash; "" if it is not there, or the key is none.
func (db *RedisDB) HGet(k, f string) string {
	value, _ := text(db.do("HGET", k, f))
	return value
}

// HSet sets fields, of names and values by turns. A key of another type is replaced.
func (db *RedisDB) HSet(k string, fv ...string) {
	if db.more(fv, "HSET", k) == ErrWrongType {
		db.Del(k)
		db.more(fv, "HSET", k)
	}
}

// HSetEX sets fields that have so long.
func (db *RedisDB) HSetEX(k string, ttl time.Duration, fv ...string) {
	n := strconv.Itoa(len(fv) / 2)
	db.more(fv, "HSETEX", k, "PX", milliseconds(ttl), "FIELDS", n)
}

// HExpire says how long a field has, and tells whether it is there.
func (db *RedisDB) HExpire(k, field string, ttl time.Duration) bool {
	return first(db.do("HPEXPIRE", k, milliseconds(ttl), "FIELDS", "1", field)) > 0
}

// HTTL is how long a field has; 0 if for ever, or if it is not there.
func (db *RedisDB) HTTL(k, field string) time.Duration {
	return lasts(first(db.do("HPTTL", k, "FIELDS", "1", field)))
}

// HPersist has a field stay, and tells whether it would have gone.
func (db *RedisDB) HPersist(k, field string) bool {
	return first(db.do("HPERSIST", k, "FIELDS", "1", field)) == 1
}

// first is the first number of an array; -2, as of a field that is not there, if there is none.
func first(reply any) int {
	for _, item := range list(reply) {
		n, _ := item.(int)
		return n
	}
	return -2
}

// HDel removes a field.
func (db *RedisDB) HDel(k, f string) { db.do("HDEL", k, f) }

// HKeys are the fields of a hash, sorted, or ErrKeyNotFound.
func (db *RedisDB) HKeys(k string) ([]string, error) {
	fields, err := texts(db.found("HKEYS", k))
	slices.Sort(fields)
	return fields, err
}

// HIncr adds to an integer in a hash and returns it.
func (db *RedisDB) HIncr(k, f string, delta int) (int, error) {
	return number(db.do("HINCRBY", k, f, strconv.Itoa(delta)))
}

// HIncrfloat adds to a number in a hash and returns it.
func (db *RedisDB) HIncrfloat(k, f string, delta float64) (float64, error) {
	return float(db.do("HINCRBYFLOAT", k, f, double(delta)))
}

// ZAdd adds a member, or changes its score, and tells whether it is new.
func (db *RedisDB) ZAdd(k string, score float64, member string) (bool, error) {
	n, err := number(db.do("ZADD", k, double(score), member))
	return n == 1, err
}

// ZRem removes a member and tells whether it was there, or ErrKeyNotFound.
func (db *RedisDB) ZRem(k, member string) (bool, error) {
	if !db.Exists(k) {
		return false, ErrKeyNotFound
	}
	n, err := number(db.do("ZREM", k, member))
	return n == 1, err
}

// ZScore is the score of a member; 0 if it is not there. It may be ErrKeyNotFound.
func (db *RedisDB) ZScore(k, member string) (float64, error) {
	return float(db.found("ZSCORE", k, member))
}

// ZMScore is ZScore of several members.
func (db *RedisDB) ZMScore(k string, members []string) ([]float64, error) {
	reply := db.found(append([]string{"ZMSCORE", k}, members...)...)
	if err, failed := reply.(error); failed {
		return nil, err
	}
	scores := make([]float64, len(members))
	for i, item := range list(reply) {
		scores[i], _ = float(item)
	}
	return scores, nil
}

// ZMembers are a sorted set's members by score, or ErrKeyNotFound.
func (db *RedisDB) ZMembers(k string) ([]string, error) {
	return texts(db.found("ZRANGE", k, "0", "-1"))
}

// SortedSet are a sorted set's members with their scores, or ErrKeyNotFound.
func (db *RedisDB) SortedSet(k string) (map[string]float64, error) {
	pairs, err := texts(db.found("ZRANGE", k, "0", "-1", "WITHSCORES"))
	if err != nil {
		return nil, err
	}
	scores := map[string]float64{}
	for i := 0; i+1 < len(pairs); i += 2 {
		scores[pairs[i]], _ = float(pairs[i+1])
	}
	return scores, nil
}

// XAdd adds an entry to a stream and returns its ID; "" and "*" have one made.
func (db *RedisDB) XAdd(k string, id string, values []string) (string, error) {
	if id == "" {
		id = "*"
	}
	return text(db.more(values, "XADD", k, id))
}

// Stream are the entries of a stream, the oldest first.
func (db *RedisDB) Stream(k string) ([]StreamEntry, error) {
	reply := db.do("XRANGE", k, "-", "+")
	if err, failed := reply.(error); failed {
		return nil, err
	}
	var entries []StreamEntry
	for _, item := range list(reply) {
		if parts := list(item); len(parts) == 2 {
			id, _ := text(parts[0])
			values, _ := texts(parts[1])
			entries = append(entries, StreamEntry{id, values})
		}
	}
	return entries, nil
}

// HllAdd adds to a HyperLogLog; 1 if its count may have changed.
func (db *RedisDB) HllAdd(k string, elems ...string) (int, error) {
	n, err := number(db.more(elems, "PFADD", k))
	return n, ofHyperLogLog(err)
}

// HllCount is about how many different elements HyperLogLogs have seen together.
func (db *RedisDB) HllCount(keys ...string) (int, error) {
	n, err := number(db.more(keys, "PFCOUNT"))
	return n, ofHyperLogLog(err)
}

// HllMerge makes a HyperLogLog of others.
func (db *RedisDB) HllMerge(destKey string, sourceKeys ...string) error {
	_, err := text(db.more(sourceKeys, "PFMERGE", destKey))
	return ofHyperLogLog(err)
}

// ofHyperLogLog is the error that miniredis has for a key of another type.
func ofHyperLogLog(err error) error {
	if errors.Is(err, ErrWrongType) {
		return ErrNotValidHllValue
	}
	return err
}

// Copy copies a key to a database, whatever is there, or answers ErrKeyNotFound.
func (m *Miniredis) Copy(srcDB int, src string, destDB int, dest string) error {
	if srcDB == destDB && src == dest && m.DB(srcDB).Exists(src) {
		return nil
	}
	n, err := number(m.do(srcDB, "COPY", src, dest, "DB", strconv.Itoa(destDB), "REPLACE"))
	if err == nil && n == 0 {
		err = ErrKeyNotFound
	}
	return err
}

// FlushAll removes all keys of all databases.
func (m *Miniredis) FlushAll() { m.do(0, "FLUSHALL") }

// SwapDB exchanges the keys of two databases.
func (m *Miniredis) SwapDB(i, j int) bool {
	return m.do(0, "SWAPDB", strconv.Itoa(i), strconv.Itoa(j)) == "OK"
}

// Publish sends a message to a channel and returns how many have it.
func (m *Miniredis) Publish(channel, message string) int {
	n, _ := number(m.do(0, "PUBLISH", channel, message))
	return n
}

// PubSubChannels are the channels that somebody listens to, sorted; pattern "" is all.
func (m *Miniredis) PubSubChannels(pattern string) []string {
	args := []string{"PUBSUB", "CHANNELS"}
	if pattern != "" {
		args = append(args, pattern)
	}
	channels, _ := texts(m.do(0, args...))
	sort.Strings(channels)
	return channels
}

// PubSubNumSub is how many listen to channels.
func (m *Miniredis) PubSubNumSub(channels ...string) map[string]int {
	counts := map[string]int{}
	items := list(m.do(0, append([]string{"PUBSUB", "NUMSUB"}, channels...)...))
	for i := 0; i+1 < len(items); i += 2 {
		name, _ := text(items[i])
		counts[name], _ = number(items[i+1])
	}
	return counts
}

// PubSubNumPat is how many patterns are listened to.
func (m *Miniredis) PubSubNumPat() int {
	n, _ := number(m.do(0, "PUBSUB", "NUMPAT"))
	return n
}
