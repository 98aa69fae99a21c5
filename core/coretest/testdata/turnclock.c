/* Preloaded into a real redis-server, this library turns the server's wall clock: it adds to it the
 * microseconds that stand in the file named by TURNCLOCK, as a native 64-bit integer. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long *offset;

static long turned(void)
{
	static long zero;
	if (!offset) {
		const char *path = getenv("TURNCLOCK");
		int fd = path ? open(path, O_RDONLY) : -1;
		void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
		offset = map == MAP_FAILED ? &zero : map;
		if (fd >= 0)
			close(fd);
	}
	return *offset;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = syscall(SYS_clock_gettime, id, ts);
	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		long us = ts->tv_nsec / 1000 + turned();
		ts->tv_sec += us / 1000000;
		us %= 1000000;
		if (us < 0) {
			us += 1000000;
			ts->tv_sec--;
		}
		ts->tv_nsec = us * 1000;
	}
	return r;
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
