package miniredis

import "time"

// The direct commands of the selected database.

// Del is [RedisDB.Del] of the selected database.
func (m *Miniredis) Del(k string) bool { return m.db().Del(k) }

// Exists is [RedisDB.Exists] of the selected database.
func (m *Miniredis) Exists(k string) bool { return m.db().Exists(k) }

// FlushDB is [RedisDB.FlushDB] of the selected database.
func (m *Miniredis) FlushDB() { m.db().FlushDB() }

// Get is [RedisDB.Get] of the selected database.
func (m *Miniredis) Get(k string) (string, error) { return m.db().Get(k) }

// HDel is [RedisDB.HDel] of the selected database.
func (m *Miniredis) HDel(k, f string) { m.db().HDel(k, f) }

// HExpire is [RedisDB.HExpire] of the selected database.
func (m *Miniredis) HExpire(key, field string, ttl time.Duration) bool {
	return m.db().HExpire(key, field, ttl)
}

// HGet is [RedisDB.HGet] of the selected database.
func (m *Miniredis) HGet(k, f string) string { return m.db().HGet(k, f) }

// HIncr is [RedisDB.HIncr] of the selected database.
func (m *Miniredis) HIncr(k, f string, delta int) (int, error) {
	return m.db().HIncr(k, f, delta)
}

// HIncrBy is [RedisDB.HIncr] of the selected database.
func (m *Miniredis) HIncrBy(k, f string, delta int) (int, error) {
	return m.db().HIncr(k, f, delta)
}

// HIncrByFloat is [RedisDB.HIncrfloat] of the selected database.
func (m *Miniredis) HIncrByFloat(k, f string, delta float64) (float64, error) {
	return m.db().HIncrfloat(k, f, delta)
}

// HIncrfloat is [RedisDB.HIncrfloat] of the selected database.
func (m *Miniredis) HIncrfloat(k, f string, delta float64) (float64, error) {
	return m.db().HIncrfloat(k, f, delta)
}

// HKeys is [RedisDB.HKeys] of the selected database.
func (m *Miniredis) HKeys(k string) ([]string, error) { return m.db().HKeys(k) }

// HPersist is [RedisDB.HPersist] of the selected database.
func (m *Miniredis) HPersist(key, field string) bool { return m.db().HPersist(key, field) }

// HSet is [RedisDB.HSet] of the selected database.
func (m *Miniredis) HSet(k string, fv ...string) { m.db().HSet(k, fv...) }

// HSetEX is [RedisDB.HSetEX] of the selected database.
func (m *Miniredis) HSetEX(key string, ttl time.Duration, fv ...string) {
	m.db().HSetEX(key, ttl, fv...)
}

// HTTL is [RedisDB.HTTL] of the selected database.
func (m *Miniredis) HTTL(key, field string) time.Duration { return m.db().HTTL(key, field) }

// Incr is [RedisDB.Incr] of the selected database.
func (m *Miniredis) Incr(k string, delta int) (int, error) { return m.db().Incr(k, delta) }

// IncrByFloat is [RedisDB.Incrfloat] of the selected database.
func (m *Miniredis) IncrByFloat(k string, delta float64) (float64, error) {
	return m.db().Incrfloat(k, delta)
}

// Incrfloat is [RedisDB.Incrfloat] of the selected database.
func (m *Miniredis) Incrfloat(k string, delta float64) (float64, error) {
	return m.db().Incrfloat(k, delta)
}

// IsMember is [RedisDB.IsMember] of the selected database.
func (m *Miniredis) IsMember(k, v string) (bool, error) { return m.db().IsMember(k, v) }

// Keys is [RedisDB.Keys] of the selected database.
func (m *Miniredis) Keys() []string { return m.db().Keys() }

// List is [RedisDB.List] of the selected database.
func (m *Miniredis) List(k string) ([]string, error) { return m.db().List(k) }

// Lpop is [RedisDB.Lpop] of the selected database.
func (m *Miniredis) Lpop(k string) (string, error) { return m.db().Lpop(k) }

// Lpush is [RedisDB.Lpush] of the selected database.
func (m *Miniredis) Lpush(k, v string) (int, error) { return m.db().Lpush(k, v) }

// Members is [RedisDB.Members] of the selected database.
func (m *Miniredis) Members(k string) ([]string, error) { return m.db().Members(k) }

// PfAdd is [RedisDB.HllAdd] of the selected database.
func (m *Miniredis) PfAdd(k string, elems ...string) (int, error) {
	return m.db().HllAdd(k, elems...)
}

// PfCount is [RedisDB.HllCount] of the selected database.
func (m *Miniredis) PfCount(keys ...string) (int, error) { return m.db().HllCount(keys...) }

// PfMerge is [RedisDB.HllMerge] of the selected database.
func (m *Miniredis) PfMerge(destKey string, sourceKeys ...string) error {
	return m.db().HllMerge(destKey, sourceKeys...)
}

// Pop is [RedisDB.Pop] of the selected database.
func (m *Miniredis) Pop(k string) (string, error) { return m.db().Pop(k) }

// Push is [RedisDB.Push] of the selected database.
func (m *Miniredis) Push(k string, v ...string) (int, error) { return m.db().Push(k, v...) }

// RPop is [RedisDB.Pop] of the selected database.
func (m *Miniredis) RPop(k string) (string, error) { return m.db().Pop(k) }

// RPush is [RedisDB.Push] of the selected database.
func (m *Miniredis) RPush(k string, v ...string) (int, error) { return m.db().Push(k, v...) }

// SAdd is [RedisDB.SetAdd] of the selected database.
func (m *Miniredis) SAdd(k string, elems ...string) (int, error) {
	return m.db().SetAdd(k, elems...)
}

// SCard is [RedisDB.SCard] of the selected database.
func (m *Miniredis) SCard(key string) (int, error) { return m.db().SCard(key) }

// SIsMember is [RedisDB.IsMember] of the selected database.
func (m *Miniredis) SIsMember(k, v string) (bool, error) { return m.db().IsMember(k, v) }

// SMembers is [RedisDB.Members] of the selected database.
func (m *Miniredis) SMembers(k string) ([]string, error) { return m.db().Members(k) }

// SRandMember is [RedisDB.SRandMember] of the selected database.
func (m *Miniredis) SRandMember(key string) (string, error) { return m.db().SRandMember(key) }

// SRem is [RedisDB.SRem] of the selected database.
func (m *Miniredis) SRem(k string, fields ...string) (int, error) {
	return m.db().SRem(k, fields...)
}

// Set is [RedisDB.Set] of the selected database.
func (m *Miniredis) Set(k, v string) error { return m.db().Set(k, v) }

// SetAdd is [RedisDB.SetAdd] of the selected database.
func (m *Miniredis) SetAdd(k string, elems ...string) (int, error) {
	return m.db().SetAdd(k, elems...)
}

// SetTTL is [RedisDB.SetTTL] of the selected database.
func (m *Miniredis) SetTTL(k string, ttl time.Duration) { m.db().SetTTL(k, ttl) }

// SortedSet is [RedisDB.SortedSet] of the selected database.
func (m *Miniredis) SortedSet(k string) (map[string]float64, error) { return m.db().SortedSet(k) }

// Stream is [RedisDB.Stream] of the selected database.
func (m *Miniredis) Stream(k string) ([]StreamEntry, error) { return m.db().Stream(k) }

// TTL is [RedisDB.TTL] of the selected database.
func (m *Miniredis) TTL(k string) time.Duration { return m.db().TTL(k) }

// Type is [RedisDB.Type] of the selected database.
func (m *Miniredis) Type(k string) string { return m.db().Type(k) }

// Unlink is [RedisDB.Unlink] of the selected database.
func (m *Miniredis) Unlink(k string) bool { return m.db().Unlink(k) }

// XAdd is [RedisDB.XAdd] of the selected database.
func (m *Miniredis) XAdd(k string, id string, values []string) (string, error) {
	return m.db().XAdd(k, id, values)
}

// ZAdd is [RedisDB.ZAdd] of the selected database.
func (m *Miniredis) ZAdd(k string, score float64, member string) (bool, error) {
	return m.db().ZAdd(k, score, member)
}

// ZMScore is [RedisDB.ZMScore] of the selected database.
func (m *Miniredis) ZMScore(k string, members ...string) ([]float64, error) {
	return m.db().ZMScore(k, members)
}

// ZMembers is [RedisDB.ZMembers] of the selected database.
func (m *Miniredis) ZMembers(k string) ([]string, error) { return m.db().ZMembers(k) }

// ZRem is [RedisDB.ZRem] of the selected database.
func (m *Miniredis) ZRem(k, member string) (bool, error) { return m.db().ZRem(k, member) }

// ZScore is [RedisDB.ZScore] of the selected database.
func (m *Miniredis) ZScore(k, member string) (float64, error) { return m.db().ZScore(k, member) }
