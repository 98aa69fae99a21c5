package core_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// TestGeoReference searches among many places, in shapes of every size all over the earth, and
// compares what is found, its order, and every digit of places and distances.
func TestGeoReference(t *testing.T) {
	engine, reference := sessions(t)
	wrong := 0
	same := func(args ...string) {
		t.Helper()
		got, want := fmt.Sprint(ask(t, engine, args...)), fmt.Sprint(ask(t, reference, args...))
		if got == want {
			return
		}
		t.Errorf("%.200q: got %.1000s, want %.1000s", args, got, want)
		if wrong++; wrong > 10 {
			t.FailNow()
		}
	}
	rng := rand.New(rand.NewPCG(3, 9))
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	place := func() (lon, lat string) {
		x, y := rng.Float64()*360-180, rng.Float64()*170-85
		switch rng.IntN(5) {
		case 2: // where many share one place
			x, y = float64(rng.IntN(6)), float64(rng.IntN(6))
		case 0:
			x, y = 13+rng.Float64()*0.1, 38+rng.Float64()*0.1
		case 1:
			x, y = 179.9+rng.Float64()*0.1, rng.Float64()-0.5
		}
		return number(x), number(y)
	}
	for n := range 2000 {
		lon, lat := place()
		key := "big"
		if n%30 == 0 {
			key = "small"
		}
		same("GEOADD", key, lon, lat, "m"+strconv.Itoa(n))
	}
	units := []string{"m", "KM", "ft", "mi"}
	options := [][]string{{"ASC"}, {"DESC"}, {"COUNT", "3"}, {"COUNT", "7", "ANY"}, {"WITHDIST"},
		{"WITHCOORD", "WITHHASH"}, {"COUNT", "10", "DESC"}, {"COUNT", "2", "ANY", "ASC"}}
	for range 500 {
		key, from := "big", "m"+strconv.Itoa(1+rng.IntN(29)+30*rng.IntN(66))
		if rng.IntN(3) == 0 {
			key, from = "small", "m"+strconv.Itoa(30*rng.IntN(66))
		}
		lon, lat := place()
		query := []string{"FROMLONLAT", lon, lat}
		if rng.IntN(2) == 0 {
			query = []string{"FROMMEMBER", from}
		}
		size := func() string { return number(math.Round(math.Pow(10, rng.Float64()*7.5))) }
		unit := units[rng.IntN(4)]
		if rng.IntN(2) == 0 {
			query = append(query, "BYRADIUS", size(), unit)
		} else {
			query = append(query, "BYBOX", size(), size(), unit)
		}
		for rng.IntN(2) == 0 {
			query = append(query, options[rng.IntN(len(options))]...)
		}
		same(append([]string{"GEOSEARCH", key}, query...)...)
		same("GEODIST", key, from, "m"+strconv.Itoa(30*rng.IntN(66)), unit)
		store := append([]string{"GEOSEARCHSTORE", "out", key}, query...)
		same(store...)
		same("ZRANGE", "out", "0", "-1", "WITHSCORES")
	}
}

// TestStoredistReference compares distances that are stored. The reference's C library shows in one
// of some hundred: its sine is not always the nearest double.
func TestStoredistReference(t *testing.T) {
	engine, reference := sessions(t)
	rng := rand.New(rand.NewPCG(5, 5))
	both := func(args ...string) (got, want coretest.Reply) {
		t.Helper()
		return ask(t, engine, args...), ask(t, reference, args...)
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	for n := range 1000 {
		lon, lat := number(rng.Float64()*360-180), number(rng.Float64()*170-85)
		both("GEOADD", "k", lon, lat, "m"+strconv.Itoa(n))
	}
	all, off := 0, 0
	for n := range 10 {
		both("GEOSEARCHSTORE", "d", "k", "FROMMEMBER", "m"+strconv.Itoa(n), "BYRADIUS", "19000", "km",
			"STOREDIST")
		got, want := both("ZRANGE", "d", "0", "-1", "WITHSCORES")
		if len(got.Items) != len(want.Items) || len(got.Items) < 900 {
			t.Fatalf("%d stored, want %d", len(got.Items), len(want.Items))
		}
		for i := range got.Items {
			g, w := got.Items[i].Items[1].Text, want.Items[i].Items[1].Text
			x, _ := strconv.ParseFloat(g, 64)
			y, _ := strconv.ParseFloat(w, 64)
			if all++; g != w {
				off++
			}
			if math.Abs(x-y) > 1e-14*y {
				t.Errorf("%s, want %s", g, w)
			}
		}
	}
	if off*100 > all {
		t.Errorf("%d of %d differ", off, all)
	}
}
