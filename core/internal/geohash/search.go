package geohash

import "math"

// Shape is what is searched: the places around a centre, within a radius, or in a box with a width
// and a height. Its lengths are in metres, and none is negative.
type Shape struct {
	Center        Point
	IsBox         bool
	Radius        float64
	Width, Height float64
}

// Holds tells whether a point lies in the shape, and how far it is from the centre.
func (s *Shape) Holds(p Point) (distance float64, ok bool) {
	if !s.IsBox {
		distance = Distance(s.Center, p)
		if math.Abs(distance-s.Radius) < 1e-6 {
			distance = Precise(s.Center, p)
		}
		return distance, !(distance > s.Radius) // of the antipodes rounding can make NaN
	}
	if latDistance(p.Lat, s.Center.Lat) > s.Height/2 ||
		Distance(p, Point{s.Center.Lon, p.Lat}) > s.Width/2 {
		return 0, false
	}
	return Distance(s.Center, p), true
}

// Finder looks for the points of a shape among many. The bits of one axis in a number have the
// order of what they stand for, so that four comparisons tell most points to be out of reach.
type Finder struct {
	shape    *Shape
	lon, lat span // which hold the shape, and a bit more
	away     span // the meridians that are opposite to the centre
}

// span is from one number of the bits of an axis to another; one with from > to goes round.
type span struct{ from, to uint64 }

func (s *span) holds(n uint64) bool {
	if s.from <= s.to {
		return s.from <= n && n <= s.to
	}
	return s.from <= n || n <= s.to
}

// lonSpan is the meridians so many degrees around one.
func lonSpan(lon, reach float64) span {
	if reach >= LonMax {
		return span{0, math.MaxUint64}
	}
	grid := func(lon float64) uint64 {
		if lon < -LonMax {
			lon += 2 * LonMax
		} else if lon >= LonMax {
			lon -= 2 * LonMax
		}
		return spread(share(lon, -LonMax, LonMax, stepMax)) << 1
	}
	return span{grid(lon - reach), grid(lon + reach)}
}

// latSpan is the parallels so many degrees around one.
func latSpan(lat, reach float64) span {
	grid := func(lat float64) uint64 {
		return spread(share(max(-LatMax, min(lat, LatMax)), -LatMax, LatMax, stepMax))
	}
	return span{grid(lat - reach), grid(lat + reach)}
}

// Finder returns one for a shape, which must not change meanwhile.
//
// By the haversine formula the sine of half a distance is at least that of half the difference in
// longitude, times the cosine of the latitude that is nearest to a pole.
func (s *Shape) Finder() Finder {
	const spare = 1e-4 // degrees: far more than rounding makes
	x, y := s.Radius, s.Radius
	if s.IsBox {
		x, y = s.Width/2, s.Height/2
	}
	lon, lat := float64(LonMax), degrees(y/earthRadius)+spare
	near := min(math.Abs(s.Center.Lat)+lat, LatMax)
	if half := x / earthRadius / 2; half < math.Pi/2 {
		if sin := math.Sin(half) / math.Cos(radians(near)); sin < 1 {
			lon = 2*degrees(math.Asin(sin)) + spare
		}
	}
	return Finder{s, lonSpan(s.Center.Lon, lon), latSpan(s.Center.Lat, lat),
		lonSpan(s.Center.Lon+LonMax, 1)}
}

// Find returns the point that a number stands for and how far it is from the centre, if it lies in
// the shape: as Holds tells, which is asked where four comparisons do not tell; also of what may be
// opposite to the centre, where rounding counts, and of numbers that no point has.
func (f *Finder) Find(bits uint64) (p Point, distance float64, ok bool) {
	const (
		lats   = 0x5555555555555555
		lons   = lats << 1
		beyond = 1 << (2 * stepMax)
	)
	if lon := bits & lons; bits < beyond && !(f.lon.holds(lon) && f.lat.holds(bits&lats)) &&
		!f.away.holds(lon) {
		return p, 0, false
	}
	p = Decode(bits)
	distance, ok = f.shape.Holds(p)
	return p, distance, ok
}

// Range is the numbers from Min up to, not including, Max.
type Range struct{ Min, Max uint64 }

// Ranges appends ranges that hold the numbers of all points of the shape, and of more: squares of
// the grid, the one with the centre and as many of its neighbours as are of use. They come in the
// order in which Redis looks through them, which shows where nothing is sorted. A neighbour that is
// the one before is left out; on a small grid, others can come twice.
func (s *Shape) Ranges(dst []Range) []Range {
	b := s.bounds()
	step := s.step()
	center := cellOf(s.Center, step)
	if step > 1 && !b.within(&center) {
		step--
		center = cellOf(s.Center, step)
	}
	dst = append(dst, center.numbers())
	a, last := center.area(), cell{}
	for i := range around {
		lon, lat := around[i][0], around[i][1]
		if step >= 2 && (lat < 0 && a.min.Lat < b.min.Lat || lat > 0 && a.max.Lat > b.max.Lat ||
			lon < 0 && a.min.Lon < b.min.Lon || lon > 0 && a.max.Lon > b.max.Lon) {
			continue
		}
		next := center.moved(lon, lat)
		if last.step > 0 && next == last {
			continue
		}
		dst, last = append(dst, next.numbers()), next
	}
	return dst
}

// around are the neighbours of a square in their order: columns and rows further on.
var around = [8][2]int{
	{0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1},
}

// numbers are the numbers of the points in a square.
func (c *cell) numbers() Range {
	bits, shift := c.bits(), 2*(stepMax-c.step)
	return Range{bits << shift, (bits + 1) << shift}
}

// step is how fine the grid may be for a square and its neighbours to cover about the shape.
func (s *Shape) step() uint {
	// mercatorMax is half the length of the equator on the map.
	const mercatorMax = 20037726.37
	reach := s.Radius
	if s.IsBox {
		x, y := s.Width/2, s.Height/2
		reach = math.Sqrt(float64(x*x) + float64(y*y))
	}
	if reach == 0 {
		return stepMax
	}
	step := -1
	for ; reach < mercatorMax; reach *= 2 {
		step++
	}
	if lat := math.Abs(s.Center.Lat); lat > 80 {
		step -= 2
	} else if lat > 66 {
		step-- // towards the poles squares are narrow
	}
	return uint(max(1, min(step, stepMax)))
}

// bounds is the area between the meridians and parallels that touch the shape, as they are on the
// side that is nearer to a pole.
func (s *Shape) bounds() area {
	x, y := s.Radius, s.Radius
	if s.IsBox {
		x, y = s.Width/2, s.Height/2
	}
	lat := degrees(y / earthRadius)
	near := s.Center.Lat + lat
	if s.Center.Lat < 0 {
		near = s.Center.Lat - lat
	}
	lon := degrees(x / earthRadius / math.Cos(radians(near)))
	return area{
		Point{s.Center.Lon - lon, s.Center.Lat - lat},
		Point{s.Center.Lon + lon, s.Center.Lat + lat},
	}
}

// within tells whether an area lies within a square and its neighbours.
func (a *area) within(c *cell) bool {
	north, south := c.moved(0, 1), c.moved(0, -1)
	east, west := c.moved(1, 0), c.moved(-1, 0)
	n, s, e, w := north.area(), south.area(), east.area(), west.area()
	return n.max.Lat >= a.max.Lat && s.min.Lat <= a.min.Lat &&
		e.max.Lon >= a.max.Lon && w.min.Lon <= a.min.Lon
}
