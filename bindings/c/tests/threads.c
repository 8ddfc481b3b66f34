/* Threads on one handle: counting together, and closing while the others work. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, ROUNDS = 2000, CLOSINGS = 20 };

static void *count(void *argument) {
    cache_t *cache = argument;
    for (int i = 0; i < ROUNDS; i++) OK(cache_incr(cache, "together", 8, 1, NULL));
    return NULL;
}

struct work {
    cache_t *cache;
    atomic_int calls;
};

/* Calls until the cache is closed; every answer is right until then. */
static void *work(void *argument) {
    struct work *work = argument;
    char value[20000], back[sizeof value];
    memset(value, 'v', sizeof value);
    for (unsigned i = 0;; i++) {
        cache_status status;
        size_t len = 0;
        switch (i % 3) {
        case 0: status = cache_set(work->cache, &i, 1, value, sizeof value, 0); break;
        case 1:
            status = cache_get(work->cache, &i, 1, back, sizeof back, &len);
            if (status == CACHE_OK) CHECK(len == sizeof value && memcmp(back, value, len) == 0);
            break;
        default: status = cache_delete(work->cache, &i, 1);
        }
        if (status == CACHE_ERR_CLOSED) return NULL;
        CHECK(status == CACHE_OK || status == CACHE_NOT_FOUND);
        atomic_fetch_add(&work->calls, 1);
    }
}

static void *fail(void *argument) {
    EXPECT(CACHE_ERR_MISUSE, cache_set(argument, NULL, 1, NULL, 0, 0));
    CHECK(strcmp(cache_errcode(), "MISUSE") == 0);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    cache_t *cache = open_in_memory();
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, count, cache);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    char expected[16];
    snprintf(expected, sizeof expected, "%d", THREADS * ROUNDS);
    CHECK(holds(cache, "together", expected));

    /* A message belongs to the thread whose call failed. */
    pthread_create(&threads[0], NULL, fail, cache);
    pthread_join(threads[0], NULL);
    CHECK(strcmp(cache_errmsg(), "") == 0);
    OK(cache_close(cache));

    for (int round = 0; round < CLOSINGS; round++) {
        struct work shared = {.cache = open_in_memory()};
        for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, &shared);
        while (atomic_load(&shared.calls) < round * 20) {
        }
        OK(cache_close(shared.cache));
        for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    }
    return 0;
}
