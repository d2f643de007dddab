/* Faults that no signal and no file can cause: a slow disk and a clock that jumps. LD_PRELOAD, compiled by host.py.
 *
 * FAULTS_FILE names a file of two 64-bit numbers that the test may change while the process runs: by how many ns CLOCK_REALTIME
 * is off, and how many ns each write to disk (fsync, fdatasync, msync) takes longer. Monotonic clocks stay as they are, as
 * they do when an admin or NTP sets the time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shared; /* [0] clock offset, [1] delay of a sync */

__attribute__((constructor)) static void attach(void) {
	const char *path = getenv("FAULTS_FILE");
	int handle = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (handle < 0)
		return;
	void *at = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, handle, 0);
	close(handle);
	if (at != MAP_FAILED)
		shared = at;
}

static int is_wall_clock(clockid_t clock) {
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
	static int (*real)(clockid_t, struct timespec *);
	if (!real)
		real = dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(clock, now);
	if (result == 0 && shared && is_wall_clock(clock)) {
		int64_t ns = now->tv_sec * 1000000000LL + now->tv_nsec + shared[0];
		now->tv_sec = ns / 1000000000LL;
		now->tv_nsec = ns % 1000000000LL;
	}
	return result;
}

int gettimeofday(struct timeval *now, void *zone) {
	struct timespec time;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &time))
		return -1;
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out) {
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

static void dawdle(void) {
	int64_t ns = shared ? shared[1] : 0;
	struct timespec wait = {ns / 1000000000LL, ns % 1000000000LL};
	if (ns > 0)
		nanosleep(&wait, NULL);
}

#define SLOW(name, parameters, arguments)                    \
	int name parameters {                                \
		static int(*real) parameters;                \
		if (!real)                                   \
			real = dlsym(RTLD_NEXT, #name);      \
		dawdle();                                    \
		return real arguments;                       \
	}

SLOW(fsync, (int handle), (handle))
SLOW(fdatasync, (int handle), (handle))
SLOW(msync, (void *at, size_t length, int flags), (at, length, flags))
