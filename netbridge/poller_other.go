//go:build !linux

package netbridge

import "net"

// poller does not exist here: every connection has goroutines of its own.
type poller struct{}

func (b *Bridge) poll(net.Listener, Secure) (bool, error) { return false, nil }

func (p *poller) close() error { return nil }

func (p *poller) unlisten(string) {}

func setBacklog(net.Listener, int) {}
