/* Preloaded into a real redis-server, this library gives the server a wall clock that stands still:
 * at the microseconds since the Unix epoch that stand in the file named by TURNCLOCK, as a native
 * 64-bit integer. The monotonic clock, which paces the server's own work, runs on. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long *clock_us;

static long now(void)
{
	if (!clock_us) {
		const char *path = getenv("TURNCLOCK");
		int fd = path ? open(path, O_RDONLY) : -1;
		void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			abort();
		clock_us = map;
		close(fd);
	}
	return *clock_us;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	long us;
	if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		return syscall(SYS_clock_gettime, id, ts);
	us = now();
	ts->tv_sec = us / 1000000;
	ts->tv_nsec = us % 1000000 * 1000;
	return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}
