package miniredis

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redlet/redlet"
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

// do runs a command in the database. It waits as a client's command does.
func (db *RedisDB) do(args ...any) (redlet.Reply, error) {
	return db.m.redis.DB(db.id).Do(context.Background(), args...)
}

// line is a command line that ends with words from a slice.
func line(words []string, args ...any) []any {
	for _, word := range words {
		args = append(args, word)
	}
	return args
}

func number(r redlet.Reply, err error) (int, error) { return int(r.Int()), err }

func texts(r redlet.Reply, err error) ([]string, error) { return r.Texts(), err }

// some are texts of which a key that is there has one at least.
func some(r redlet.Reply, err error) ([]string, error) {
	if err == nil && len(r.List()) == 0 {
		err = ErrKeyNotFound
	}
	return r.Texts(), err
}

// there is what was asked of a key, where none is not what a missing key is.
func (db *RedisDB) there(k string, none bool, err error) error {
	if none && (err == nil || err == redlet.Nil) && !db.Exists(k) {
		return ErrKeyNotFound
	}
	return present(err)
}

// present is an error without redlet.Nil.
func present(err error) error {
	if err == redlet.Nil {
		return nil
	}
	return err
}

// one reports whether a command's count is 1, or of an array of counts the first.
func one(r redlet.Reply, _ error) bool { return first(r, nil) == 1 }

// Exists tells whether a key is there.
func (db *RedisDB) Exists(k string) bool { return one(db.do("EXISTS", k)) }

// Del removes a key, and tells whether it was there.
func (db *RedisDB) Del(k string) bool { return one(db.do("DEL", k)) }

// Unlink is Del.
func (db *RedisDB) Unlink(k string) bool { return one(db.do("UNLINK", k)) }

// FlushDB removes all keys.
func (db *RedisDB) FlushDB() {
	_, _ = db.do("FLUSHDB") // it has no way of telling
}

// Keys are all keys, sorted.
func (db *RedisDB) Keys() []string {
	keys, _ := texts(db.do("KEYS", "*"))
	slices.Sort(keys)
	return append([]string{}, keys...)
}

// Type is the type of a key; "" if it is not there.
func (db *RedisDB) Type(k string) string {
	r, _ := db.do("TYPE", k)
	if r.Text() == "none" {
		return ""
	}
	return r.Text()
}

// TTL is how long a key has; 0 if for ever, or if it is not there.
func (db *RedisDB) TTL(k string) time.Duration { return lasts(first(db.do("PTTL", k))) }

func lasts(ms int64) time.Duration { return time.Duration(max(ms, 0)) * time.Millisecond }

// SetTTL says how long a key has; 0 is for ever.
func (db *RedisDB) SetTTL(k string, ttl time.Duration) {
	command := []any{"PEXPIRE", k, milliseconds(ttl)}
	if ttl == 0 {
		command = []any{"PERSIST", k}
	}
	_, _ = db.do(command...) // it has no way of telling
}

// milliseconds are those that a key or field lives for so long.
func milliseconds(d time.Duration) int64 {
	ms := d.Milliseconds()
	if time.Duration(ms)*time.Millisecond < d {
		ms++
	}
	return ms
}

// Get is the string at a key, or ErrKeyNotFound.
func (db *RedisDB) Get(k string) (string, error) { return db.taken("GET", k) }

// taken is the string that a command finds at a key, or ErrKeyNotFound.
func (db *RedisDB) taken(command, k string) (string, error) {
	r, err := db.do(command, k)
	if err == redlet.Nil {
		err = ErrKeyNotFound
	}
	return value(r), err
}

// value is a string that was found, or else "".
func value(r redlet.Reply) string {
	if r.Kind() == redlet.KindError {
		return ""
	}
	return r.Text()
}

// Set stores a string without an expiry. The key must not hold another type.
func (db *RedisDB) Set(k, v string) error {
	_, err := db.do("SET", k, v, "GET")
	return present(err)
}

// Incr adds to an integer and returns it.
func (db *RedisDB) Incr(k string, delta int) (int, error) {
	return number(db.do("INCRBY", k, delta))
}

// Incrfloat adds to a number and returns it.
func (db *RedisDB) Incrfloat(k string, delta float64) (float64, error) {
	return float(db.do("INCRBYFLOAT", k, delta))
}

func float(r redlet.Reply, err error) (float64, error) { return r.Float(), err }

// List are the items of a list, or ErrKeyNotFound.
func (db *RedisDB) List(k string) ([]string, error) {
	return some(db.do("LRANGE", k, 0, -1))
}

// Lpush puts an item first and returns the new length.
func (db *RedisDB) Lpush(k, v string) (int, error) { return number(db.do("LPUSH", k, v)) }

// Push puts items last and returns the new length.
func (db *RedisDB) Push(k string, v ...string) (int, error) {
	if len(v) == 0 { // RPUSH wants one
		return number(db.do("LLEN", k))
	}
	return number(db.do(line(v, "RPUSH", k)...))
}

// Lpop removes the first item and returns it, or ErrKeyNotFound.
func (db *RedisDB) Lpop(k string) (string, error) { return db.taken("LPOP", k) }

// Pop removes the last item and returns it, or ErrKeyNotFound.
func (db *RedisDB) Pop(k string) (string, error) { return db.taken("RPOP", k) }

// SetAdd adds members and returns how many are new.
func (db *RedisDB) SetAdd(k string, elems ...string) (int, error) {
	if len(elems) == 0 { // SADD wants one
		_, err := db.SCard(k)
		return 0, err
	}
	return number(db.do(line(elems, "SADD", k)...))
}

// SRem removes members and returns how many were there, or ErrKeyNotFound.
func (db *RedisDB) SRem(k string, fields ...string) (int, error) {
	if len(fields) == 0 { // SREM wants one
		_, err := db.SCard(k)
		return 0, db.there(k, true, err)
	}
	there := db.Exists(k)
	n, err := number(db.do(line(fields, "SREM", k)...))
	if err == nil && !there {
		err = ErrKeyNotFound
	}
	return n, err
}

// SCard is the number of members.
func (db *RedisDB) SCard(k string) (int, error) { return number(db.do("SCARD", k)) }

// SRandMember is a member by chance; "" if there is none.
func (db *RedisDB) SRandMember(k string) (string, error) {
	r, err := db.do("SRANDMEMBER", k)
	return value(r), present(err)
}

// IsMember tells whether a set has a member, or ErrKeyNotFound.
func (db *RedisDB) IsMember(k, v string) (bool, error) {
	n, err := number(db.do("SISMEMBER", k, v))
	return n == 1, db.there(k, n == 0, err)
}

// Members are a set's members, sorted, or ErrKeyNotFound.
func (db *RedisDB) Members(k string) ([]string, error) {
	members, err := some(db.do("SMEMBERS", k))
	slices.Sort(members)
	return members, err
}

// HGet is a field of a hash; "" if it is not there, or the key is none.
func (db *RedisDB) HGet(k, f string) string {
	r, _ := db.do("HGET", k, f)
	return value(r)
}

// HSet sets fields, of names and values by turns. A key of another type is replaced.
func (db *RedisDB) HSet(k string, fv ...string) {
	set := line(fv, "HSET", k)
	if _, err := db.do(set...); errors.Is(err, redlet.ErrWrongType) {
		db.Del(k)
		_, _ = db.do(set...) // it has no way of telling
	}
}

// HSetEX sets fields that have so long.
func (db *RedisDB) HSetEX(k string, ttl time.Duration, fv ...string) {
	// It has no way of telling.
	_, _ = db.do(line(fv, "HSETEX", k, "PX", milliseconds(ttl), "FIELDS", len(fv)/2)...)
}

// HExpire says how long a field has, and tells whether it is there.
func (db *RedisDB) HExpire(k, field string, ttl time.Duration) bool {
	return first(db.do("HPEXPIRE", k, milliseconds(ttl), "FIELDS", 1, field)) > 0
}

// HTTL is how long a field has; 0 if for ever, or if it is not there.
func (db *RedisDB) HTTL(k, field string) time.Duration {
	return lasts(first(db.do("HPTTL", k, "FIELDS", 1, field)))
}

// HPersist has a field stay, and tells whether it would have gone.
func (db *RedisDB) HPersist(k, field string) bool {
	return one(db.do("HPERSIST", k, "FIELDS", 1, field))
}

// first is a number, or the first of an array of them; if there is none -2, as of what is missing.
func first(r redlet.Reply, _ error) int64 {
	switch {
	case r.Kind() == redlet.KindInt:
		return r.Int()
	case len(r.List()) > 0:
		return r.List()[0].Int()
	}
	return -2
}

// HDel removes a field.
func (db *RedisDB) HDel(k, f string) {
	_, _ = db.do("HDEL", k, f) // it has no way of telling
}

// HKeys are the fields of a hash, sorted, or ErrKeyNotFound.
func (db *RedisDB) HKeys(k string) ([]string, error) {
	fields, err := some(db.do("HKEYS", k))
	slices.Sort(fields)
	return fields, err
}

// HIncr adds to an integer in a hash and returns it.
func (db *RedisDB) HIncr(k, f string, delta int) (int, error) {
	n, err := number(db.do("HINCRBY", k, f, delta))
	if err == refusal("ERR hash value is not an integer") {
		err = ErrIntValueError
	}
	return n, err
}

// HIncrfloat adds to a number in a hash and returns it.
func (db *RedisDB) HIncrfloat(k, f string, delta float64) (float64, error) {
	n, err := float(db.do("HINCRBYFLOAT", k, f, delta))
	if err == refusal("ERR hash value is not a float") {
		err = ErrFloatValueError
	}
	return n, err
}

// ZAdd adds a member, or changes its score, and tells whether it is new.
func (db *RedisDB) ZAdd(k string, score float64, member string) (bool, error) {
	n, err := number(db.do("ZADD", k, score, member))
	return n == 1, err
}

// ZRem removes a member and tells whether it was there, or ErrKeyNotFound.
func (db *RedisDB) ZRem(k, member string) (bool, error) {
	there := db.Exists(k)
	n, err := number(db.do("ZREM", k, member))
	if err == nil && !there {
		err = ErrKeyNotFound
	}
	return n == 1, err
}

// ZScore is the score of a member; 0 if it is not there. It may be ErrKeyNotFound.
func (db *RedisDB) ZScore(k, member string) (float64, error) {
	r, err := db.do("ZSCORE", k, member)
	return r.Float(), db.there(k, r.IsNull(), err)
}

// ZMScore is ZScore of several members.
func (db *RedisDB) ZMScore(k string, members []string) ([]float64, error) {
	command := line(members, "ZMSCORE", k)
	if len(members) == 0 { // ZMSCORE wants one
		command[0] = "ZCARD"
	}
	r, err := db.do(command...)
	if err = db.there(k, true, err); err != nil {
		return nil, err
	}
	scores := make([]float64, len(members))
	for i, score := range r.List() {
		scores[i] = score.Float()
	}
	return scores, nil
}

// ZMembers are a sorted set's members by score, or ErrKeyNotFound.
func (db *RedisDB) ZMembers(k string) ([]string, error) {
	return some(db.do("ZRANGE", k, 0, -1))
}

// SortedSet are a sorted set's members with their scores, or ErrKeyNotFound.
func (db *RedisDB) SortedSet(k string) (map[string]float64, error) {
	r, err := db.do("ZRANGE", k, 0, -1, "WITHSCORES")
	if _, err := some(r, err); err != nil {
		return nil, err
	}
	scores := map[string]float64{}
	for _, pair := range r.List() {
		scores[pair.List()[0].Text()] = pair.List()[1].Float()
	}
	return scores, nil
}

// XAdd adds an entry to a stream and returns its ID; "" and "*" have one made.
func (db *RedisDB) XAdd(k string, id string, values []string) (string, error) {
	if id == "" {
		id = "*"
	}
	r, err := db.do(line(values, "XADD", k, id)...)
	return value(r), err
}

// Stream are the entries of a stream, the oldest first.
func (db *RedisDB) Stream(k string) ([]StreamEntry, error) {
	r, err := db.do("XRANGE", k, "-", "+")
	var entries []StreamEntry
	for _, entry := range r.List() {
		parts := entry.List()
		entries = append(entries, StreamEntry{parts[0].Text(), parts[1].Texts()})
	}
	return entries, err
}

// HllAdd adds to a HyperLogLog; 1 if its count may have changed.
func (db *RedisDB) HllAdd(k string, elems ...string) (int, error) {
	n, err := number(db.do(line(elems, "PFADD", k)...))
	if errors.Is(err, redlet.ErrWrongType) { // also of a string that is none
		err = ErrWrongType
	}
	return n, err
}

// HllCount is about how many different elements HyperLogLogs have seen together.
func (db *RedisDB) HllCount(keys ...string) (int, error) {
	if len(keys) == 0 { // PFCOUNT wants one
		return 0, nil
	}
	n, err := number(db.do(line(keys, "PFCOUNT")...))
	return n, ofHyperLogLog(err)
}

// HllMerge makes a HyperLogLog of others.
func (db *RedisDB) HllMerge(destKey string, sourceKeys ...string) error {
	_, err := db.do(line(sourceKeys, "PFMERGE", destKey)...)
	return ofHyperLogLog(err)
}

// ofHyperLogLog is the error that miniredis has for a key of another type.
func ofHyperLogLog(err error) error {
	if errors.Is(err, redlet.ErrWrongType) {
		return ErrNotValidHllValue
	}
	return err
}

// Copy copies a key to a database, whatever is there, or answers ErrKeyNotFound.
func (m *Miniredis) Copy(srcDB int, src string, destDB int, dest string) error {
	if srcDB == destDB && src == dest { // which COPY refuses
		return m.DB(srcDB).there(src, true, nil)
	}
	n, err := number(m.DB(srcDB).do("COPY", src, dest, "DB", destDB, "REPLACE"))
	if err == nil && n == 0 {
		err = ErrKeyNotFound
	}
	return err
}

// FlushAll removes all keys of all databases.
func (m *Miniredis) FlushAll() {
	_, _ = m.DB(0).do("FLUSHALL") // it has no way of telling
}

// SwapDB exchanges the keys of two databases.
func (m *Miniredis) SwapDB(i, j int) bool {
	r, _ := m.DB(0).do("SWAPDB", i, j)
	return r.Bool()
}

// Publish sends a message to a channel and returns how many have it.
func (m *Miniredis) Publish(channel, message string) int {
	n, _ := number(m.DB(0).do("PUBLISH", channel, message))
	return n
}

// PubSubChannels are the channels that somebody listens to, sorted; pattern "" is all.
func (m *Miniredis) PubSubChannels(pattern string) []string {
	if pattern == "" {
		pattern = "*"
	}
	channels, _ := texts(m.DB(0).do("PUBSUB", "CHANNELS", pattern))
	slices.Sort(channels)
	return channels
}

// PubSubNumSub is how many listen to channels.
func (m *Miniredis) PubSubNumSub(channels ...string) map[string]int {
	r, _ := m.DB(0).do(line(channels, "PUBSUB", "NUMSUB")...)
	counts := map[string]int{}
	for channel, n := range r.Map() {
		counts[channel] = int(n.Int())
	}
	return counts
}

// PubSubNumPat is how many patterns are listened to.
func (m *Miniredis) PubSubNumPat() int {
	n, _ := number(m.DB(0).do("PUBSUB", "NUMPAT"))
	return n
}
