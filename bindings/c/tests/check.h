/* Checks for the tests: each program ends with 0 if all hold. */
#ifndef POLYCACHE_TESTS_CHECK_H
#define POLYCACHE_TESTS_CHECK_H

#include <cache.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program where `condition` does not hold. */
#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            fprintf(stderr, "%s:%d: does not hold: %s (last error: %s)\n", __FILE__, __LINE__, #condition,     \
                    cache_errmsg());                                                                           \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)

/* Ends the program where a call does not return `expected`. */
#define EXPECT(expected, call)                                                                                 \
    do {                                                                                                       \
        cache_status status_ = (call);                                                                         \
        if (status_ != (expected)) {                                                                           \
            fprintf(stderr, "%s:%d: %s is %d, expected %d (%s)\n", __FILE__, __LINE__, #call, (int)status_,    \
                    (int)(expected), cache_errmsg());                                                          \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)

#define OK(call) EXPECT(CACHE_OK, call)

/* A cache in memory with the defaults. */
static inline cache_t *open_in_memory(void) {
    cache_t *cache = NULL;
    OK(cache_open(NULL, NULL, &cache));
    CHECK(cache != NULL);
    return cache;
}

/* Sets a key to a text. */
static inline void set(cache_t *cache, const char *key, const char *value) {
    OK(cache_set(cache, key, strlen(key), value, strlen(value), 0));
}

/* Whether a key holds a text. */
static inline int holds(cache_t *cache, const char *key, const char *value) {
    char buffer[256];
    size_t len = 0;
    return cache_get(cache, key, strlen(key), buffer, sizeof buffer, &len) == CACHE_OK && len == strlen(value) &&
           memcmp(buffer, value, len) == 0;
}

/* A new directory below the present one, which the caller frees. */
static inline char *new_directory(void) {
    char pattern[] = "./data-XXXXXX";
    char *made = mkdtemp(pattern);
    CHECK(made != NULL);
    return strdup(made);
}

#endif
