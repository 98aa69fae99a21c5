package host

// smallGuest makes guests that have so much memory; errNoGuest says that there is none.
var (
	smallGuest func(memoryMax int64) Maker
	errNoGuest error
)

// AddGuest lends the guest to the tests of this package.
func AddGuest(m func(memoryMax int64) Maker, missing error) {
	smallGuest, errNoGuest = m, missing
	makers["wazero"] = m(0)
}
