package netbridge

import (
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/internal/errs"
)

const (
	// eventsMin and eventsMax are how many ready descriptors one look takes: twice as many when it
	// took all that it could.
	eventsMin = 8
	eventsMax = 512
	// arenaMin and arenaMax are the room for what one look reads; what does not fit is stepped in
	// further parts, and next time there is twice the room. Reads lie one behind the other in it, so
	// that small commands of many clients share cache lines. A server of a test, with a client or
	// two, never needs more than the least.
	arenaMin = 4 << 10
	arenaMax = 256 << 10
	// acceptMax is how many connections one look accepts, as redis-server's limit a cycle.
	acceptMax = 1000
)

// poller serves sockets from one goroutine and one epoll set. Only that goroutine closes
// descriptors and reads from them, but for handshakes, see link; whoever steps the loop writes.
type poller struct {
	bridge *Bridge
	epoll  int
	file   *os.File        // the epoll set, to sleep on as Go's goroutines do; nil with a thread
	raw    syscall.RawConn // of file
	wakeup int             // eventfd, with a thread; -1 without
	done   chan struct{}

	// The poller's goroutine owns these.
	events    []syscall.EpollEvent
	arena     []byte
	used      int // bytes of arena that wait in inputs
	inputs    []core.Input
	socks     map[int]*sock // by descriptor
	crowd     float64       // how many clients looks found ready lately, on average
	lingering int           // socks that were hung up and still have output
	limited   bool          // file may have a deadline

	stepping atomic.Bool // the poller will look at below before it sleeps

	mu     sync.Mutex
	ending []*sock  // hung up: for the poller to close
	jobs   []func() // what only the poller may do: for sockets whose hands were shaken, or new ones
	fresh  []*door  // listeners that it watches and does not know yet
	going  []leave  // listeners to close
	doors  []*door
	woken  bool // file has a deadline that is over, for the poller to attend
	stop   bool
}

// door is a listening descriptor.
type door struct {
	fd   int
	unix string // the socket's path, removed at the end
	name net.Addr
	over resumable // nil: plain
}

// leave asks for the end of a listener.
type leave struct {
	name string
	over chan struct{} // closed when it has come
}

// sock is one connection.
type sock struct {
	poller *poller
	id     core.ConnID
	fd     int
	local  bool    // a unix socket
	out    bool    // the engine asked for it; it would ask again if it were told of the Bridge's end
	link   secured // nil: plain

	mu      sync.Mutex
	pending []byte // what the system did not take; nothing overtakes it
	closed  bool   // fd is no longer ours
	over    bool   // hung up: close when pending is empty

	lingersTo time.Time // closed then at the latest; zero: not hung up, or nothing is pending
}

// poll takes a listener over if it is a socket, and the poller can read over what secures it.
func (b *Bridge) poll(l net.Listener, secure Secure) (bool, error) {
	over, resumes := secure.(resumable)
	sc, ok := l.(syscall.Conn)
	if !ok || secure != nil && !resumes {
		return false, nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false, err
	}
	d := &door{name: l.Addr(), over: over}
	if d.fd, err = duplicate(raw); err != nil {
		return false, err
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
		d.unix = l.Addr().String()
	}
	if err := l.Close(); err != nil {
		return false, errs.Join(err, syscall.Close(d.fd))
	}
	if err = b.needPoller(); err == nil {
		err = b.poller.add(d)
	}
	if err != nil {
		return false, errs.Join(err, syscall.Close(d.fd))
	}
	return true, nil
}

// needPoller makes the poller unless it is there. The caller holds b.mu.
func (b *Bridge) needPoller() (err error) {
	if b.poller == nil {
		b.poller, err = newPoller(b)
	}
	return err
}

func (b *Bridge) carrier() host.Carrier { return b.carry }

// carry takes a socket that the engine connected to another server.
func (b *Bridge) carry(c net.Conn, id core.ConnID) host.Sink {
	b.mu.Lock()
	defer b.mu.Unlock()
	sc, is := c.(*net.TCPConn)
	if !is || b.poller == nil || b.closed {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	s := &sock{poller: b.poller, id: id, out: true}
	if s.fd, err = duplicate(raw); err != nil {
		return nil
	}
	_ = c.Close() // the copy lives on
	s.poller.tune(s)
	s.poller.take(s)
	return s
}

// take gives the poller a socket that was connected.
func (p *poller) take(s *sock) {
	p.mu.Lock()
	p.jobs = append(p.jobs, func() { p.meet(s) })
	p.mu.Unlock()
	p.wake()
}

// duplicate copies a descriptor. The copy stays in non-blocking mode, which belongs to the open
// socket.
func duplicate(raw syscall.RawConn) (copied int, err error) {
	controlErr := raw.Control(func(fd uintptr) {
		n, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, 0)
		if copied = int(n); errno != 0 {
			err = os.NewSyscallError("fcntl", errno)
		}
	})
	return copied, errs.Join(controlErr, err)
}

func newPoller(b *Bridge) (*poller, error) {
	p := &poller{bridge: b, done: make(chan struct{}),
		events: make([]syscall.EpollEvent, eventsMin), socks: map[int]*sock{}, wakeup: -1}
	var err error
	if p.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if b.options.Thread {
		err = p.thread()
	} else {
		err = p.threadless()
	}
	if err != nil {
		return nil, errs.Join(err, p.release())
	}
	go p.run()
	return p, nil
}

// thread makes what wakes a thread that sleeps on the epoll set.
func (p *poller) thread() error {
	flags := uintptr(syscall.O_CLOEXEC | syscall.O_NONBLOCK)
	fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, flags, 0)
	if errno != 0 {
		return os.NewSyscallError("eventfd2", errno)
	}
	p.wakeup = int(fd)
	return p.watch(p.wakeup, syscall.EPOLL_CTL_ADD, syscall.EPOLLIN)
}

// threadless hands the epoll set to Go's own poller, on which the goroutine will sleep.
func (p *poller) threadless() (err error) {
	if err = syscall.SetNonblock(p.epoll, true); err == nil {
		p.file = os.NewFile(uintptr(p.epoll), "epoll")
		p.raw, err = p.file.SyscallConn()
	}
	return err
}

// release closes the epoll set and what wakes who sleeps on it.
func (p *poller) release() (err error) {
	if p.file != nil {
		return p.file.Close()
	}
	if p.wakeup >= 0 {
		err = syscall.Close(p.wakeup)
	}
	return errs.Join(err, syscall.Close(p.epoll))
}

// add gives the poller a listening descriptor to serve. Nobody is woken: who connects does that,
// and the look after the one that finds an unknown descriptor ready knows it.
func (p *poller) add(d *door) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.watch(d.fd, syscall.EPOLL_CTL_ADD, syscall.EPOLLIN); err != nil {
		return err
	}
	p.fresh = append(p.fresh, d)
	return nil
}

// unlisten closes the listening descriptor of an address, if there is one.
func (p *poller) unlisten(name string) {
	over := make(chan struct{})
	p.mu.Lock()
	p.going = append(p.going, leave{name, over})
	p.mu.Unlock()
	p.wake()
	select {
	case <-over:
	case <-p.done:
	}
}

// close ends the poller and returns when nothing of it remains.
func (p *poller) close() error {
	p.mu.Lock()
	p.stop = true
	p.mu.Unlock()
	p.wake()
	<-p.done
	return p.release()
}

// wake interrupts the poller's sleep, or cuts its next one short. A goroutine is woken by a
// deadline that is over, which costs no system call.
func (p *poller) wake() {
	if p.file != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.woken = true
		_ = p.file.SetReadDeadline(time.Unix(1, 0)) // fails only for a file that is closed
		return
	}
	one := [8]byte{1}
	// EAGAIN means that it is about to wake already.
	_, _ = syscall.Write(p.wakeup, one[:])
}

func (p *poller) watch(fd, op int, events uint32) error {
	ev := syscall.EpollEvent{Events: events, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(p.epoll, op, fd, &ev))
}

// run is the poller's goroutine.
func (p *poller) run() {
	defer close(p.done)
	for {
		n := p.wait()
		p.stepping.Store(true)
		for i := range n {
			p.ready(&p.events[i])
		}
		if n == len(p.events) && n < eventsMax {
			p.events = make([]syscall.EpollEvent, 2*n)
		}
		p.send()
		p.stepping.Store(false)
		if p.attend() {
			return
		}
	}
}

// wait fills events: by a look that returns at once, by naps while many clients are busy, or
// asleep.
//
// A client that finds the poller asleep pays for waking it, 2 to 5 µs of a request's 11. Where a
// look mostly finds several clients ready, the next ones come within a nap, after which a timer
// wakes the poller: with 50 clients that made 6 % more requests at P1 and 7 % at P16, and took
// less of the processors. Looking 5, 20 or 100 times before sleeping gained nothing and cost up to
// 15 % more of a processor, which may be the half of one that the client runs on. A thread of its
// own for the poller gained nothing either, and a script that is suspended (iter.Pull) can only go
// on in another goroutine if neither is locked to a thread.
func (p *poller) wait() int {
	if p.file != nil && p.crowd < crowdMin {
		return p.sleep()
	}
	n := p.look()
	for n == 0 && p.crowd >= crowdMin {
		_ = syscall.Nanosleep(&syscall.Timespec{Nsec: napTime}, nil)
		n = p.look()
	}
	if n > 0 {
		return n
	}
	if p.file != nil {
		return p.sleep()
	}
	sleepMs := -1
	if p.lingering > 0 {
		sleepMs = int(lingerLook / time.Millisecond)
	}
	n, err := syscall.EpollWait(p.epoll, p.events, sleepMs)
	if err != nil {
		return 0 // EINTR, by a signal of the runtime or a debugger
	}
	return n
}

const (
	// crowdMin is how many clients looks find ready, on average, where naps are worth while. One
	// client, or a few that wait for their replies by turns, stay below it.
	crowdMin = 1.3
	// napTime is how many nanoseconds to nap. Linux adds its timer slack, which is 50 µs.
	napTime = 1000
	// lingerLook is how often socks that linger are looked at.
	lingerLook = 100 * time.Millisecond
)

// sleep looks, and waits in Go's own poller if it found nothing: what becomes ready behind the look
// ends that.
func (p *poller) sleep() (n int) {
	if p.limited || p.lingering > 0 {
		p.limit()
	}
	_ = p.raw.Read(func(uintptr) bool { // fails when the deadline is over
		n = p.look()
		return n > 0
	})
	return n
}

// limit sets how long a sleep may last, unless the poller was woken since it attended.
func (p *poller) limit() {
	var until time.Time
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.woken {
		return
	}
	if p.limited = p.lingering > 0; p.limited {
		until = time.Now().Add(lingerLook)
	}
	_ = p.file.SetReadDeadline(until)
}

// look is epoll_wait that returns at once, so it needs no leave of the Go scheduler: a raw call
// saves 0.1 µs and keeps the processor. It keeps count of the crowd.
func (p *poller) look() int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.epoll),
		uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
	if errno != 0 {
		n = 0
	}
	p.crowd += (float64(n) - p.crowd) / 10
	return int(n)
}

// ready reads from, writes to or accepts on one descriptor.
func (p *poller) ready(ev *syscall.EpollEvent) {
	fd := int(ev.Fd)
	if s := p.socks[fd]; s != nil {
		if s.link != nil && s.link.shakes() {
			s.link.ready(ev.Events)
			return
		}
		if ev.Events&syscall.EPOLLOUT != 0 {
			p.flush(s)
		}
		if ev.Events&^syscall.EPOLLOUT != 0 && p.socks[fd] == s {
			p.read(s)
		}
		return
	}
	if fd == p.wakeup {
		var buf [8]byte
		_, _ = syscall.Read(fd, buf[:])
		return
	}
	for _, d := range p.doors {
		if d.fd == fd {
			p.accept(d)
		}
	}
}

// read takes what one socket has into the arena and makes it an input of the coming step.
func (p *poller) read(s *sock) {
	if s.link != nil {
		s.link.decrypt()
		return
	}
	buf := p.room()
	n, err := s.receive(buf)
	switch err {
	case nil:
		p.used += n
		p.input(core.Input{Kind: core.InData, Conn: s.id, Data: buf[:n:n]})
	case syscall.EAGAIN:
	default:
		p.input(core.Input{Kind: core.InClose, Conn: s.id})
		p.drop(s)
	}
}

// receive reads what the system has of a socket. If that is nothing yet, the error is EAGAIN.
func (s *sock) receive(buf []byte) (int, error) {
	r, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(s.fd),
		uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
	switch {
	case errno == syscall.EINTR: // for the next look
		return 0, syscall.EAGAIN
	case errno != 0:
		return 0, errno
	case r == 0:
		return 0, io.EOF
	}
	return int(r), nil
}

// room returns what is free of the arena, for one read; at least a quarter of it is.
func (p *poller) room() []byte {
	if p.full() {
		p.send()
	}
	return p.arena[p.used:min(p.used+host.ReadSize, len(p.arena))]
}

// full tells whether less than a quarter of the arena is free.
func (p *poller) full() bool { return len(p.arena)-p.used <= len(p.arena)/4 }

//go:noinline
func (p *poller) input(in core.Input) { p.inputs = append(p.inputs, in) }

// send steps the engine over everything that was read. The arena is free again afterwards, and has
// twice the room if it was full: one client that sends much at once fills it as many do.
func (p *poller) send() {
	if len(p.inputs) > 0 {
		p.bridge.loop.Send(p.inputs)
		p.inputs = p.inputs[:0]
	}
	if p.full() && len(p.arena) < arenaMax {
		p.arena = make([]byte, max(arenaMin, 2*len(p.arena)))
	}
	p.used = 0
}

// accept takes in the connections that wait at a door.
func (p *poller) accept(d *door) {
	for range acceptMax {
		fd, sa, err := syscall.Accept4(d.fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err == syscall.ECONNABORTED || err == syscall.EINTR {
			continue
		}
		if err != nil {
			if err == syscall.EMFILE || err == syscall.ENFILE {
				p.relieve(d)
			}
			return
		}
		s := &sock{poller: p, fd: fd, local: d.unix != ""}
		p.tune(s)
		peer, events := d.describe(fd, sa), uint32(syscall.EPOLLIN)
		if d.over != nil {
			s.link, events = d.over.link(s, peer), syscall.EPOLLONESHOT
		}
		if err := p.watch(fd, syscall.EPOLL_CTL_ADD, events); err != nil {
			_ = syscall.Close(fd)
			continue
		}
		p.socks[fd] = s
		p.send() // what was read before precedes the opening
		s.id = p.bridge.loop.Open(peer, s)
		if s.link != nil {
			p.bridge.running.Add(1)
			go s.link.shake()
		}
	}
}

// relieve pauses for a moment when the process is out of descriptors: the door stays readable, and
// looking again at once would only burn the processor.
func (p *poller) relieve(*door) {
	p.send()
	time.Sleep(time.Millisecond)
}

// tune sets the options of a new socket. One that refuses an option works without it.
func (p *poller) tune(s *sock) {
	if s.local {
		return
	}
	set := func(level, name, value int) {
		_ = syscall.SetsockoptInt(s.fd, level, name, value)
	}
	set(syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if seconds := int(p.bridge.keepAliveTime() / time.Second); seconds > 0 {
		set(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
		set(syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, seconds)
		set(syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, max(seconds/3, 1))
		set(syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3)
	}
}

// describe gives the ends of a connection that was accepted at d.
func (d *door) describe(fd int, remote syscall.Sockaddr) core.Conn {
	if d.unix != "" {
		return describe(d.name, nil, fd)
	}
	local, _ := syscall.Getsockname(fd)
	return core.Conn{Addr: sockaddr(remote), Laddr: sockaddr(local), FD: fd}
}

func sockaddr(sa syscall.Sockaddr) string {
	switch a := sa.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
	case *syscall.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr).Unmap()
		return netip.AddrPortFrom(ip, uint16(a.Port)).String()
	}
	return "?:0"
}

// drop closes a socket. The poller's goroutine calls it.
func (p *poller) drop(s *sock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.link != nil {
		s.link.close()
	}
	s.closed = true
	if !s.lingersTo.IsZero() {
		p.lingering--
	}
	s.pending = nil
	delete(p.socks, s.fd)
	_ = syscall.Close(s.fd) // leaves the epoll set too
}

// attend does what other goroutines left for the poller; true means that it is over.
func (p *poller) attend() bool {
	p.mu.Lock()
	ending, jobs, fresh, going, stop := p.ending, p.jobs, p.fresh, p.going, p.stop
	p.ending, p.jobs, p.fresh, p.going = nil, nil, nil, nil
	p.limited = p.limited || p.woken
	p.woken = false
	p.mu.Unlock()
	for _, do := range jobs {
		do()
	}
	p.send()
	for _, s := range ending {
		p.end(s)
	}
	p.doors = append(p.doors, fresh...)
	for _, l := range going {
		p.doors = slices.DeleteFunc(p.doors, func(d *door) bool {
			if d.name.String() != l.name {
				return false
			}
			d.close()
			return true
		})
		close(l.over)
	}
	if p.lingering > 0 {
		p.expire()
	}
	if stop {
		p.finish()
	}
	return stop
}

// meet begins to watch a socket that was connected. What was written to it may wait already.
func (p *poller) meet(s *sock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	p.socks[s.fd] = s
	if err := p.watch(s.fd, syscall.EPOLL_CTL_ADD, syscall.EPOLLIN); err != nil {
		p.input(core.Input{Kind: core.InClose, Conn: s.id})
		return
	}
	s.watch()
}

// end closes a socket that was hung up, or lets it linger until its output is sent.
func (p *poller) end(s *sock) {
	s.mu.Lock()
	waits := !s.closed && s.owes()
	if waits {
		p.lingering++
		s.lingersTo = time.Now().Add(host.LingerTime)
		s.watch()
	}
	s.mu.Unlock()
	if !waits {
		p.drop(s)
	}
}

// owes tells whether there is output that the system has not. The caller holds s.mu.
func (s *sock) owes() bool {
	return len(s.pending) > 0 || s.link != nil && s.link.owes()
}

// expire closes sockets that were hung up and have not taken their last output in time.
func (p *poller) expire() {
	for _, s := range p.socks {
		if !s.lingersTo.IsZero() && time.Now().After(s.lingersTo) {
			p.drop(s)
		}
	}
}

// finish closes everything.
func (p *poller) finish() {
	for _, d := range p.doors {
		d.close()
	}
	for _, s := range p.socks {
		if !s.out {
			p.input(core.Input{Kind: core.InClose, Conn: s.id})
		}
	}
	p.send()
	for _, s := range p.socks {
		p.drop(s)
	}
}

// close ends a listener, and removes the file of a unix socket.
func (d *door) close() {
	_ = syscall.Close(d.fd)
	if d.unix != "" {
		_ = os.Remove(d.unix)
	}
}

// flush writes what waits for a socket that takes output again. The loop may call Data meanwhile.
func (p *poller) flush(s *sock) {
	s.mu.Lock()
	rest, err := s.write(s.pending)
	n := copy(s.pending, rest)
	s.pending = s.pending[:n]
	over := s.over && !s.owes()
	if err == nil && n == 0 && !over {
		s.pending = nil
		s.watch()
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		p.input(core.Input{Kind: core.InClose, Conn: s.id})
		p.drop(s)
	case n > 0:
	case over:
		p.drop(s)
	default:
		p.input(core.Input{Kind: core.InUncork, Conn: s.id})
	}
}

// write offers data to the system and returns what it did not take. The caller holds s.mu.
func (s *sock) write(data []byte) (rest []byte, err error) {
	for len(data) > 0 {
		r, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(s.fd),
			uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)))
		switch errno {
		case 0:
			data = data[r:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return data, nil
		default:
			return nil, errno
		}
	}
	return nil, nil
}

// watch has the socket looked at for what it waits for. The caller holds s.mu.
func (s *sock) watch() {
	var events uint32
	switch {
	case s.link != nil && s.link.shakes():
		events = s.link.awaits()
	case !s.over:
		events = syscall.EPOLLIN
	}
	if len(s.pending) > 0 {
		events |= syscall.EPOLLOUT
	}
	_ = s.poller.watch(s.fd, syscall.EPOLL_CTL_MOD, events)
}

// put offers output to the system, and keeps what it does not take. The caller holds s.mu.
func (s *sock) put(data []byte) error {
	if len(s.pending) > 0 { // nothing overtakes it
		s.pending = append(s.pending, data...)
		return nil
	}
	rest, err := s.write(data)
	if len(rest) > 0 {
		s.pending = append(s.pending, rest...)
		s.watch()
	}
	return err
}

// Data sends output of the engine; the loop calls it. A socket that takes no more has the engine
// hold the rest of its output back, and is told so again if more came just then.
func (s *sock) Data(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.over {
		return
	}
	// On an error the poller reads the same one, and closes.
	if s.link != nil {
		_ = s.link.seal(data)
	} else {
		_ = s.put(data)
	}
	if len(s.pending) > 0 {
		s.poller.bridge.loop.Send([]core.Input{{Kind: core.InCork, Conn: s.id}})
	}
}

// Hangup sends the engine's last output and has the poller close the socket; the loop calls it.
func (s *sock) Hangup(data []byte) {
	s.Data(data)
	s.mu.Lock()
	over := s.over || s.closed
	s.over = true
	s.mu.Unlock()
	if over {
		return
	}
	p := s.poller
	p.mu.Lock()
	p.ending = append(p.ending, s)
	p.mu.Unlock()
	if !p.stepping.Load() {
		p.wake()
	}
}

// setBacklog sets how many connections may wait at a listener; the system caps it.
func setBacklog(l net.Listener, n int) {
	if sc, ok := l.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), n) })
		}
	}
}
