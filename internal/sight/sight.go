// Package sight is what a test of somebody else's is: it uses a server. Its own test looks at what
// the compiler made of it.
package sight

import (
	"context"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/miniredis"
)

// Server uses much of what package redlet offers.
func Server(t redlet.TB) error {
	s := redlet.RunT(t, redlet.WithSeed(1), redlet.WithMaxKeys(9), redlet.WithPassword("p"),
		redlet.WithClock(redlet.WallClock()))
	s.OnCommand(func(c *redlet.Call) error {
		if c.Matches("get") {
			c.Null()
		}
		return nil
	})
	defer s.Fail("set", 1, redlet.ErrDropped)()
	c, err := s.Conn()
	if err != nil {
		return err
	}
	if _, err := c.Do(context.Background(), "PING"); err != nil {
		return err
	}
	if _, err := s.DB(1).Do(context.Background(), "SET", s.Addr(), s.URL()); err != nil {
		return err
	}
	image, err := s.Snapshot()
	if err != nil {
		return err
	}
	return s.Restore(image)
}

// Miniredis uses some of package miniredis.
func Miniredis() error {
	m, err := miniredis.Run()
	if err != nil {
		return err
	}
	defer m.Close()
	m.Server().SetPreHook(nil)
	m.FastForward(1)
	return m.Set(m.Addr(), "v")
}
