package core

import "github.com/redlet/redlet/core/internal/zset"

// The commands that search: their options, and what they have in common.

func cmdGeosearch(c *Call)      { c.geosearch(1, false) }
func cmdGeosearchstore(c *Call) { c.geosearch(2, true) }

func (c *Call) geosearch(key int, store bool) {
	z, ok := c.zsetOf(c.Args[key])
	if !ok {
		return
	}
	q := geoQuery{unit: 1}
	name := ""
	if store {
		q.dest, name = c.Args[1], "GEOSEARCHSTORE"
	}
	for i := key + 1; i < len(c.Args); {
		n, ok := c.geoShape(i, z, &q)
		if n == 0 && ok {
			n, ok = c.geoOption(i, &q)
		}
		if n == 0 && ok && store && is(c.Args[i], "storedist") {
			q.byDist, n = true, 1
		}
		if !ok {
			return
		}
		if n == 0 {
			c.Error(ErrSyntax)
			return
		}
		i += n
	}
	if why := q.refused(name); why != "" {
		c.Error(why)
		return
	}
	given := clip(c.Args[0], len(c.Args[0]))
	switch {
	case !q.centered:
		c.Error("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + given)
	case !q.radiused:
		c.Error("ERR exactly one of BYRADIUS and BYBOX can be specified for " + given)
	case q.any && q.count == 0:
		c.Error(errGeoAny)
	default:
		c.geoAnswer(z, &q, "geosearchstore")
	}
}

const errGeoAny = "ERR the ANY argument requires COUNT argument"

func cmdGeoradius(c *Call)           { c.georadius(false, true) }
func cmdGeoradiusRO(c *Call)         { c.georadius(false, false) }
func cmdGeoradiusbymember(c *Call)   { c.georadius(true, true) }
func cmdGeoradiusbymemberRO(c *Call) { c.georadius(true, false) }

func (c *Call) georadius(byMember, mayStore bool) {
	z, ok := c.zsetOf(c.Args[1])
	if !ok {
		return
	}
	q := geoQuery{unit: 1}
	i := 4
	switch {
	case !byMember:
		if q.shape.Center, ok = c.argPoint(2); !ok || !c.geoRadius(4, &q) {
			return
		}
		i = 6
	case z != nil:
		if q.shape.Center, ok = pointOf(z, c.Args[2]); !ok {
			c.Error(errGeoMember)
			return
		}
		fallthrough
	default:
		if z != nil && !c.geoRadius(3, &q) {
			return
		}
		i = 5
	}
	for i < len(c.Args) {
		n, ok := c.geoOption(i, &q)
		if n == 0 && ok && mayStore && i+1 < len(c.Args) {
			if q.byDist = is(c.Args[i], "storedist"); q.byDist || is(c.Args[i], "store") {
				q.dest, n = c.Args[i+1], 2
			}
		}
		if !ok {
			return
		}
		if n == 0 {
			c.Error(ErrSyntax)
			return
		}
		i += n
	}
	switch why := q.refused("STORE option in GEORADIUS"); {
	case why != "":
		c.Error(why)
	case q.any && q.count == 0:
		c.Error(errGeoAny)
	default:
		c.geoAnswer(z, &q, "georadiusstore")
	}
}

// refused says why an answer cannot be stored as it is wanted, "" if it can.
func (q *geoQuery) refused(what string) string {
	if q.dest != nil && (q.dist || q.hash || q.coord) {
		return "ERR " + what + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
	}
	return ""
}

// geoOption reads an option that all searches have, from argument i on. It returns how many words
// it has, 0 if there is none.
func (c *Call) geoOption(i int, q *geoQuery) (words int, ok bool) {
	switch word := c.Args[i]; {
	case is(word, "withdist"):
		q.dist = true
	case is(word, "withhash"):
		q.hash = true
	case is(word, "withcoord"):
		q.coord = true
	case is(word, "any"):
		q.any = true
	case is(word, "asc"):
		q.order = 1
	case is(word, "desc"):
		q.order = -1
	case is(word, "count") && i+1 < len(c.Args):
		n, ok := c.ArgInt(i + 1)
		if !ok {
			return 0, false
		}
		if n <= 0 {
			c.Error("ERR COUNT must be > 0")
			return 0, false
		}
		q.count = clampInt(n)
		return 2, true
	default:
		return 0, true
	}
	return 1, true
}

// geoShape is geoOption for what GEOSEARCH alone is told: where, and how far. Without a sorted set
// no member is looked for.
func (c *Call) geoShape(i int, z *zset.Zset, q *geoQuery) (words int, ok bool) {
	rest := len(c.Args) - i - 1
	s := &q.shape
	switch word := c.Args[i]; {
	case is(word, "frommember") && rest >= 1 && !(q.centered && q.fromPoint):
		if z != nil {
			if s.Center, ok = pointOf(z, c.Args[i+1]); !ok {
				c.Error(errGeoMember)
				return 0, false
			}
		}
		q.centered = true
		return 2, true
	case is(word, "fromlonlat") && rest >= 2 && (!q.centered || q.fromPoint):
		if s.Center, ok = c.argPoint(i + 1); !ok {
			return 0, false
		}
		q.centered, q.fromPoint = true, true
		return 3, true
	case is(word, "byradius") && rest >= 2 && !(q.radiused && s.IsBox):
		q.radiused = true
		return 3, c.geoRadius(i+1, q)
	case is(word, "bybox") && rest >= 3 && (!q.radiused || s.IsBox):
		q.radiused = true
		return 4, c.geoBox(i+1, q)
	}
	return 0, true
}

// geoRadius reads a radius and its unit from argument i on.
func (c *Call) geoRadius(i int, q *geoQuery) bool {
	r, ok := c.argDouble(i, "ERR need numeric radius")
	if !ok {
		return false
	}
	if r < 0 {
		c.Error("ERR radius cannot be negative")
		return false
	}
	if q.unit, ok = c.argUnit(i + 1); !ok {
		return false
	}
	q.shape.Radius = r * q.unit
	return true
}

// geoBox reads a width, a height and their unit from argument i on.
func (c *Call) geoBox(i int, q *geoQuery) bool {
	width, ok := c.argDouble(i, "ERR need numeric width")
	if !ok {
		return false
	}
	height, ok := c.argDouble(i+1, "ERR need numeric height")
	if !ok {
		return false
	}
	if width < 0 || height < 0 {
		c.Error("ERR height or width cannot be negative")
		return false
	}
	if q.unit, ok = c.argUnit(i + 2); !ok {
		return false
	}
	q.shape.IsBox, q.shape.Width, q.shape.Height = true, width*q.unit, height*q.unit
	return true
}
