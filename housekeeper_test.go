//go:build go1.25

package redlet_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redlet/redlet"
)

func TestHousekeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := redlet.RunT(t, redlet.WithFrozenClock(time.Unix(1_700_000_000, 0)))
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- redlet.Housekeeper{MaxKeys: 2}.Run(ctx, s) }()
		redlet.Must(s.Do(ctx, "MSET", "a", 1, "b", 2, "c", 3))
		redlet.Must(s.Do(ctx, "SET", "short", "v", "PX", 1500))
		time.Sleep(2*time.Second + time.Millisecond)
		if n := redlet.Must(s.Do(ctx, "DBSIZE")).Int(); n != 3 {
			t.Errorf("%d keys after two seconds", n)
		}
		time.Sleep(14 * time.Second)
		if n := redlet.Must(s.Do(ctx, "DBSIZE")).Int(); n != 2 {
			t.Errorf("%d keys after sixteen seconds", n)
		}
		end()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
