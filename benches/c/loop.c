/* GET and SET from C: a million random keys of 16 bytes, values of 64, one and two threads.
   Prints `name nanoseconds` a line. */

#include <cache.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { KEYS = 1000000, OPERATIONS = 1500000, KEY_BYTES = 16, VALUE_BYTES = 64 };

static cache_t *cache;
/* In large pages, as the keys of the race in Rust are by its allocator: the loop is to wait for the cache, not for its
   own keys. */
static _Alignas(2 << 20) char keys[KEYS][KEY_BYTES];

struct work {
    uint64_t seed;
    int writes;
};

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void check(cache_status status) {
    if (status != CACHE_OK) {
        fprintf(stderr, "%s\n", cache_errmsg());
        exit(1);
    }
}

static void *run(void *argument) {
    struct work *work = argument;
    uint64_t state = work->seed;
    char value[VALUE_BYTES];
    memset(value, 'v', sizeof value);
    for (int i = 0; i < OPERATIONS; i++) {
        const char *key = keys[next(&state) % KEYS];
        if (work->writes) {
            check(cache_set(cache, key, KEY_BYTES, value, VALUE_BYTES, 0));
        } else {
            size_t length = 0;
            check(cache_get(cache, key, KEY_BYTES, value, VALUE_BYTES, &length));
        }
    }
    return NULL;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static void measure(const char *name, int threads, int writes) {
    pthread_t started[2];
    struct work work[2] = {{88172645463325252u, writes}, {1181783497276652981u, writes}};
    double before = now();
    for (int i = 0; i < threads; i++)
        pthread_create(&started[i], NULL, run, &work[i]);
    for (int i = 0; i < threads; i++)
        pthread_join(started[i], NULL);
    printf("%s %d %.1f\n", name, threads, (now() - before) / OPERATIONS);
}

int main(void) {
    check(cache_open(NULL, NULL, &cache));
    madvise(keys, sizeof keys, MADV_HUGEPAGE);
    char value[VALUE_BYTES];
    memset(value, 'v', sizeof value);
    for (int i = 0; i < KEYS; i++) {
        char key[KEY_BYTES + 8];
        snprintf(key, sizeof key, "key:%012d", i);
        memcpy(keys[i], key, KEY_BYTES);
        check(cache_set(cache, keys[i], KEY_BYTES, value, VALUE_BYTES, 0));
    }
    for (int threads = 1; threads <= 2; threads++) {
        measure("GET", threads, 0);
        measure("SET", threads, 1);
    }
    return cache_close(cache) == CACHE_OK ? 0 : 1;
}
