package redlet

import (
	"context"
	"errors"
	"time"
)

// Housekeeper looks after a server that runs for long on a clock that stands, as a development
// server of a program does: it turns the clock by what has passed, and keeps the number of keys
// down. To have keys evicted as soon as there are too many, see [WithMaxKeys].
type Housekeeper struct {
	// MaxKeys is how many keys of database 0 are kept, others by chance being removed; 0 is all.
	MaxKeys int64
	// Tick is how often the clock is turned; 0 is a second.
	Tick time.Duration
	// Prune is how often keys are counted; 0 is 15 seconds.
	Prune time.Duration
}

// Run looks after s until ctx ends, whose error it returns, or until s cannot be turned any more.
func (h Housekeeper) Run(ctx context.Context, s *Server) error {
	if h.Tick == 0 {
		h.Tick = time.Second
	}
	if h.Prune == 0 {
		h.Prune = 15 * time.Second
	}
	ticks := time.NewTicker(h.Tick)
	defer ticks.Stop()
	prunes := time.NewTicker(h.Prune)
	defer prunes.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
			now := time.Now()
			if err := s.FastForward(now.Sub(last)); err != nil {
				return err
			}
			last = now
		case <-prunes.C:
			if err := h.prune(ctx, s); err != nil {
				return err
			}
		}
	}
}

// prune removes keys by chance until there are no more than MaxKeys.
func (h Housekeeper) prune(ctx context.Context, s *Server) error {
	for h.MaxKeys > 0 {
		size, err := s.Do(ctx, "DBSIZE")
		if err != nil || size.Int() <= h.MaxKeys {
			return err
		}
		key, err := s.Do(ctx, "RANDOMKEY")
		if err == nil {
			_, err = s.Do(ctx, "UNLINK", key.Text())
		}
		if err != nil && !errors.Is(err, Nil) {
			return err
		}
	}
	return nil
}
