package core

import (
	"github.com/redlet/redlet/core/internal/geohash"
	"github.com/redlet/redlet/core/internal/syntax"
	"github.com/redlet/redlet/core/internal/zset"
)

// The parts of which the syntaxes of geo commands are made.
const (
	geoUnit = "unit:(M|KM|FT|MI)"
	geoFrom = "from:(FROMMEMBER member|FROMLONLAT {longitude:double latitude:double})"
	geoBy   = "by:(circle:{BYRADIUS radius:double " + geoUnit + "}|" +
		"box:{BYBOX width:double height:double " + geoUnit + "})"
	geoOrder    = "[order:(ASC|DESC)]"
	geoCount    = "[count-block:{COUNT count:int [ANY]}]"
	geoCountAny = "[count-block:{COUNT count:int [ANY^6.2]}]"
	geoWith     = "[WITHCOORD] [WITHDIST] [WITHHASH]"
	geoStore    = "[store:(STORE storekey\"key\":key|STOREDIST storedistkey\"key\":key)]"
	geoLonLat   = "longitude:double latitude:double"
	geoCost     = "O(N+log(M)) for N members in the squares about the area and M in the sorted set"
	geoUpper    = "7.0 units in upper case"
	geoAny      = "6.2 ANY with COUNT; " + geoUpper
	geoLastWins = ` "of several STORE or STOREDIST the last counts"`
)

var geoCommands = []Command{
	{
		Name: "geoadd", Since: "3.2", Group: "geo",
		Flags: Write | DenyOOM,
		Cats:  CatGeo,
		Syntax: "key [condition:(NX|XX)^6.2] [change:CH^6.2] data:{" + geoLonLat +
			" member}...",
		Keys:       "1 RW update",
		Summary:    "Puts members at their places on the earth.",
		Complexity: "O(log(N)) for each member added to a sorted set of N",
		History:    "6.2 CH, NX and XX",
		Run:        cmdGeoadd,
	},
	{
		Name: "geopos", Since: "3.2", Group: "geo",
		Flags:      ReadOnly,
		Cats:       CatGeo,
		Syntax:     "key [member...]",
		Keys:       "1 RO access",
		Summary:    "Gives longitude and latitude of members.",
		Complexity: "O(1) for each member asked for",
		Run:        cmdGeopos,
	},
	{
		Name: "geodist", Since: "3.2", Group: "geo",
		Flags:      ReadOnly,
		Cats:       CatGeo,
		Syntax:     "key member1 member2 [" + geoUnit + "]",
		Keys:       "1 RO access",
		Summary:    "Gives the distance between two members.",
		Complexity: "O(1)",
		Run:        cmdGeodist,
	},
	{
		Name: "geohash", Since: "3.2", Group: "geo",
		Flags:      ReadOnly,
		Cats:       CatGeo,
		Syntax:     "key [member...]",
		Keys:       "1 RO access",
		Summary:    "Gives the geohashes of members, as others write them.",
		Complexity: "O(1) for each member asked for",
		Run:        cmdGeohash,
	},
	{
		Name: "geosearch", Since: "6.2", Group: "geo",
		Flags:      ReadOnly,
		Cats:       CatGeo,
		Syntax:     "key " + geoFrom + " " + geoBy + " " + geoOrder + " " + geoCount + " " + geoWith,
		Keys:       "1 RO access",
		Summary:    "Finds the members within a circle or a box.",
		Complexity: geoCost,
		History:    geoUpper,
		Run:        cmdGeosearch,
	},
	{
		Name: "geosearchstore", Since: "6.2", Group: "geo",
		Flags: Write | DenyOOM,
		Cats:  CatGeo,
		Syntax: "destination:key source:key " + geoFrom + " " + geoBy + " " + geoOrder + " " +
			geoCount + " [STOREDIST]",
		Keys:       "1 OW update; 2 RO access",
		Summary:    "Finds the members within a circle or a box and stores them.",
		Complexity: geoCost,
		History:    geoUpper,
		Run:        cmdGeosearchstore,
	},
	{
		Name: "georadius", Since: "3.2", Group: "geo",
		Flags: Write | DenyOOM,
		Cats:  CatGeo,
		Syntax: "key " + geoLonLat + " radius:double " + geoUnit + " " + geoWith + " " + geoCountAny +
			" " + geoOrder + " " + geoStore,
		Keys: "1 RO access; STORE@6 OW update incomplete" + geoLastWins +
			"; STOREDIST@6 OW update incomplete" + geoLastWins,
		Summary:    "Finds the members around a place, and may store them.",
		Complexity: geoCost,
		Deprecated: &Deprecation{"6.2", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"},
		History:    geoAny,
		Run:        cmdGeoradius,
		Line:       &Line{Keys: georadiusKeys},
	},
	{
		Name: "georadius_ro", Since: "3.2.10", Group: "geo",
		Flags: ReadOnly,
		Cats:  CatGeo,
		Syntax: "key " + geoLonLat + " radius:double " + geoUnit + " " + geoWith + " " + geoCountAny +
			" " + geoOrder,
		Keys:       "1 RO access",
		Summary:    "Finds the members around a place.",
		Complexity: geoCost,
		Deprecated: &Deprecation{"6.2", "`GEOSEARCH` with the `BYRADIUS` argument"},
		History:    geoAny,
		Run:        cmdGeoradiusRO,
	},
	{
		Name: "georadiusbymember", Since: "3.2", Group: "geo",
		Flags: Write | DenyOOM,
		Cats:  CatGeo,
		Syntax: "key member radius:double " + geoUnit + " " + geoWith + " " + geoCount + " " +
			geoOrder + " " + geoStore,
		Keys: "1 RO access; STORE@5 OW update incomplete" + geoLastWins +
			"; STOREDIST@5 OW update incomplete" + geoLastWins,
		Summary:    "Finds the members around one of them, and may store them.",
		Complexity: geoCost,
		Deprecated: &Deprecation{"6.2", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` " +
			"and `FROMMEMBER` arguments"},
		History: geoAny,
		Run:     cmdGeoradiusbymember,
		Line:    &Line{Keys: georadiusbymemberKeys},
	},
	{
		Name: "georadiusbymember_ro", Since: "3.2.10", Group: "geo",
		Flags: ReadOnly,
		Cats:  CatGeo,
		Syntax: "key member radius:double " + geoUnit + " " + geoWith + " " + geoCount + " " +
			geoOrder,
		Keys:       "1 RO access",
		Summary:    "Finds the members around one of them.",
		Complexity: geoCost,
		Deprecated: &Deprecation{"6.2", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"},
		History:    geoAny,
		Run:        cmdGeoradiusbymemberRO,
	},
}

const (
	errGeoUnit   = "ERR unsupported unit provided. please use M, KM, FT, MI"
	errGeoMember = "ERR could not decode requested zset member"
)

func georadiusKeys(args [][]byte, _ []KeyAt) []KeyAt { return keysBehind(6, args) }

func georadiusbymemberKeys(args [][]byte, _ []KeyAt) []KeyAt { return keysBehind(5, args) }

// keysBehind says that of several keys to store at the last counts, if there is one where options
// stand: for GEORADIUS that is behind the unit, though it is looked for at the unit, too.
func keysBehind(options int, args [][]byte) []KeyAt {
	keys, store, said := []KeyAt{{1, syntax.RO | syntax.Access}}, 0, false
	for i := 5; i+1 < len(args); i++ {
		if is(args[i], "store") || is(args[i], "storedist") {
			said = said || i >= options
			if store != i {
				store = i + 1
			}
		}
	}
	if said {
		keys = append(keys, KeyAt{store, syntax.OW | syntax.Update})
	}
	return keys
}

// argPoint reads arguments i and i+1 as a place.
func (c *Call) argPoint(i int) (p geohash.Point, ok bool) {
	if p.Lon, ok = c.argDouble(i, ErrNotFloat); !ok {
		return p, false
	}
	if p.Lat, ok = c.argDouble(i+1, ErrNotFloat); !ok {
		return p, false
	}
	if !p.Valid() {
		text := appendFixed([]byte("ERR invalid longitude,latitude pair "), p.Lon, 6)
		c.Error(string(appendFixed(append(text, ','), p.Lat, 6)))
		return p, false
	}
	return p, true
}

// argUnit reads argument i as a unit, and returns how many metres it has.
func (c *Call) argUnit(i int) (metres float64, ok bool) {
	switch unit := c.Args[i]; {
	case is(unit, "m"):
		return 1, true
	case is(unit, "km"):
		return 1000, true
	case is(unit, "ft"):
		return 0.3048, true
	case is(unit, "mi"):
		return 1609.34, true
	}
	c.Error(errGeoUnit)
	return 0, false
}

// pointOf is where a member of a sorted set stands.
func pointOf(z *zset.Zset, member []byte) (p geohash.Point, ok bool) {
	score, ok := z.Score(member)
	if !ok {
		return p, false
	}
	return geohash.Decode(numberOf(score)), true
}

// cmdGeoadd is ZADD, as which it is propagated.
func cmdGeoadd(c *Call) {
	i, nx, xx := 2, false, false
words:
	for ; i < len(c.Args); i++ {
		switch word := c.Args[i]; {
		case is(word, "nx"):
			nx = true
		case is(word, "xx"):
			xx = true
		case is(word, "ch"):
		default:
			break words
		}
	}
	if (len(c.Args)-i)%3 != 0 || nx && xx {
		c.Error(ErrSyntax)
		return
	}
	args := append(make([][]byte, 0, len(c.Args)), c.Args[:i]...)
	args[0] = []byte("ZADD")
	for ; i < len(c.Args); i += 3 {
		p, ok := c.argPoint(i)
		if !ok {
			return
		}
		args = append(args, decimal(int64(geohash.Encode(p))), c.Args[i+2])
	}
	sent, before := c.Args, c.e.persist.dirty
	c.Args = args
	cmdZadd(c)
	c.Args = sent // which MONITOR and the slow log show
	if c.e.persist.dirty != before && c.propagates() {
		c.Propagate("zadd", args[1:]...)
	}
}

// eachMember calls give with the place of each member that the command names; there is none at a
// key without a sorted set.
func (c *Call) eachMember(give func(p geohash.Point, ok bool)) {
	z, ok := c.zsetOf(c.Args[1])
	if !ok {
		return
	}
	c.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		if z == nil {
			give(geohash.Point{}, false)
		} else {
			give(pointOf(z, member))
		}
	}
}

func cmdGeopos(c *Call) {
	c.eachMember(func(p geohash.Point, ok bool) {
		if !ok {
			c.NullArray()
			return
		}
		c.point(p)
	})
}

// point replies a place.
func (c *Call) point(p geohash.Point) {
	c.Array(2)
	c.Double(p.Lon)
	c.Double(p.Lat)
}

func cmdGeodist(c *Call) {
	unit := 1.0
	switch {
	case len(c.Args) > 5:
		c.Error(ErrSyntax)
		return
	case len(c.Args) == 5:
		var ok bool
		if unit, ok = c.argUnit(4); !ok {
			return
		}
	}
	z, ok := c.zsetOf(c.Args[1])
	if !ok {
		return
	}
	if z == nil {
		c.Null()
		return
	}
	a, here := pointOf(z, c.Args[2])
	b, there := pointOf(z, c.Args[3])
	if !here || !there {
		c.Null()
		return
	}
	c.distance(geohash.Distance(a, b) / unit)
}

func cmdGeohash(c *Call) {
	c.eachMember(func(p geohash.Point, ok bool) {
		if !ok {
			c.Null()
			return
		}
		var room [16]byte
		c.Bulk(geohash.Text(room[:0], p))
	})
}
