package geohash

import "math"

// Where every digit of a distance shows, it is computed as by a C library whose functions round
// right; Go's are off by one in the last place now and then. What is here takes fifty times as
// long, and is for what is stored.

// Precise is Distance with sine, cosine and arcsine rounded to the nearest double.
func Precise(a, b Point) float64 {
	v, _ := sincos((radians(b.Lon) - radians(a.Lon)) / 2)
	if v.hi == 0 {
		return latDistance(a.Lat, b.Lat)
	}
	from, to := radians(a.Lat), radians(b.Lat)
	u, _ := sincos((to - from) / 2)
	_, x := sincos(from)
	_, y := sincos(to)
	h := float64(u.hi*u.hi) + float64(x.hi*y.hi*v.hi*v.hi)
	return 2 * earthRadius * asin(math.Sqrt(h))
}

// double2 is the sum of two doubles, of which hi is the sum rounded.
type double2 struct{ hi, lo float64 }

// sum is a+b without any error, where |a| >= |b|.
func sum(a, b float64) double2 {
	s := a + b
	return double2{s, b - (s - a)}
}

// product is a*b without any error.
func product(a, b float64) double2 {
	const half = 1<<27 + 1
	p := float64(a * b)
	t := float64(half * a)
	a1 := t - (t - a)
	t = float64(half * b)
	b1 := t - (t - b)
	a2, b2 := a-a1, b-b1
	low := float64(a1*b1) - p
	low += float64(a1 * b2)
	low += float64(a2 * b1)
	return double2{p, low + float64(a2*b2)}
}

func (x double2) times(y double2) double2 {
	p := product(x.hi, y.hi)
	return sum(p.hi, p.lo+(float64(x.hi*y.lo)+float64(x.lo*y.hi)))
}

// plus is x+y, where |x| >= |y|.
func (x double2) plus(y double2) double2 {
	s := sum(x.hi, y.hi)
	return sum(s.hi, s.lo+(x.lo+y.lo))
}

// over is x/n for a whole number.
func (x double2) over(n float64) double2 {
	q := x.hi / n
	p := product(q, n)
	return sum(q, ((x.hi-p.hi)-p.lo+x.lo)/n)
}

// sincos returns sine and cosine of an angle of not more than a circle, by their series for an
// eighth of it, and three times twice the angle.
func sincos(angle float64) (sin, cos double2) {
	x := double2{angle / 8, 0}
	square := x.times(x)
	minus := double2{-square.hi, -square.lo}
	sin, cos = series(x, minus, 2), series(double2{1, 0}, minus, 1)
	for range 3 {
		s := sin.times(sin)
		sin = sin.times(cos)
		sin = double2{2 * sin.hi, 2 * sin.lo}
		cos = double2{1, 0}.plus(double2{-2 * s.hi, -2 * s.lo})
	}
	return sin, cos
}

// series sums terms, each of which is the one before by a factor and by n(n+1), n growing by two.
func series(term, factor double2, n float64) double2 {
	total := term
	for range 14 {
		term = term.times(factor).over(n * (n + 1))
		total = total.plus(term)
		n += 2
	}
	return total
}

// asin is the arcsine, one step of Newton's from what is nearly right.
func asin(x float64) float64 {
	y := math.Asin(x)
	sin, cos := sincos(y)
	if cos.hi <= 0 {
		return y
	}
	return y + ((x-sin.hi)-sin.lo)/cos.hi
}
