package host_test

import (
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/host/guest"
)

// The package's own tests cannot import the guest's, which imports it.
func init() {
	host.AddGuest(func(memoryMax int64) host.Maker {
		return guest.Maker(guest.Options{MemoryMax: memoryMax})
	}, guest.ErrMissing)
}
