//go:build !linux

package netbridge

import (
	"net"

	"github.com/redlet/redlet/host"
)

// poller does not exist here: every connection has goroutines of its own.
type poller struct{}

func (b *Bridge) poll(net.Listener, Secure) (bool, error) { return false, nil }

func (b *Bridge) needPoller() error { return nil }

func (b *Bridge) carrier() host.Carrier { return nil }

func (p *poller) close() error { return nil }

func (p *poller) unlisten(string) {}

func setBacklog(net.Listener, int) {}
