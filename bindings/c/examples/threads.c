/* Threads that share one handle: reads and writes of different keys never wait for each other. */
#include <cache.h>
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 4, CALLS = 10000 };

static void *visit(void *argument) {
    cache_t *cache = argument;
    for (int i = 0; i < CALLS; i++) cache_incr(cache, "visits", 6, 1, NULL);
    return NULL;
}

int main(void) {
    cache_t *cache;
    if (cache_open(NULL, NULL, &cache) != CACHE_OK) return 1;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, visit, cache);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    int64_t visits = 0;
    cache_incr(cache, "visits", 6, 0, &visits);
    printf("%lld visits\n", (long long)visits);
    cache_close(cache);
    return visits == THREADS * CALLS ? 0 : 1;
}
