/* What is refused: NULLs, settings, closed handles, commands. Nothing of it may crash. */
#include "check.h"

static int no_key(void *context, const void *key, size_t len) {
    (void)context;
    (void)key;
    (void)len;
    return 0;
}

static void nulls(cache_t *cache) {
    size_t len;
    int64_t number;
    uint64_t cursor = 0, count;
    void *copy;
    char byte;
    EXPECT(CACHE_ERR_MISUSE, cache_open(NULL, NULL, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_close(NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_set(NULL, "k", 1, "v", 1, 0));
    EXPECT(CACHE_ERR_MISUSE, cache_set(cache, NULL, 1, "v", 1, 0));
    EXPECT(CACHE_ERR_MISUSE, cache_set(cache, "k", 1, NULL, 1, 0));
    EXPECT(CACHE_ERR_MISUSE, cache_set(cache, "k", 1, "v", 1, -1));
    EXPECT(CACHE_ERR_MISUSE, cache_set(cache, "k", SIZE_MAX, "v", 1, 0));
    EXPECT(CACHE_ERR_MISUSE, cache_get(cache, "k", 1, NULL, 1, &len));
    EXPECT(CACHE_ERR_MISUSE, cache_get(NULL, "k", 1, &byte, 1, &len));
    EXPECT(CACHE_ERR_MISUSE, cache_get_copy(cache, "k", 1, NULL, &len));
    EXPECT(CACHE_ERR_MISUSE, cache_get_copy(cache, "k", 1, &copy, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_read(cache, "k", 1, NULL, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_get_many(cache, 1, NULL, NULL, NULL, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_set_many(cache, 1, NULL, NULL, NULL, NULL, 0));
    EXPECT(CACHE_ERR_MISUSE, cache_scan(cache, NULL, NULL, 0, 0, no_key, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_scan(cache, &cursor, NULL, 0, 0, NULL, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_ttl(cache, "k", 1, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_incr(NULL, "k", 1, 1, &number));
    EXPECT(CACHE_ERR_MISUSE, cache_count(cache, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_count(NULL, &count));
    EXPECT(CACHE_ERR_MISUSE, cache_stats(cache, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_serve(cache, "127.0.0.1:0", NULL, NULL, NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_server_stop(NULL));
    EXPECT(CACHE_ERR_MISUSE, cache_database(cache, 1, NULL));
    CHECK(strcmp(cache_errcode(), "MISUSE") == 0 && strstr(cache_errmsg(), "NULL") != NULL);
    CHECK(cache_server_resp(NULL) == NULL && cache_server_memcached(NULL) == NULL);
    cache_free(NULL);
    cache_reply_free(NULL);
    cache_stats_t sizeless = {0};
    EXPECT(CACHE_ERR_MISUSE, cache_stats(cache, &sizeless));
    cache_reply *reply;
    const char *argv[] = {"GET", NULL};
    EXPECT(CACHE_ERR_MISUSE, cache_command(cache, 0, argv, NULL, &reply));
    EXPECT(CACHE_ERR_MISUSE, cache_command(cache, -1, argv, NULL, &reply));
    EXPECT(CACHE_ERR_MISUSE, cache_command(cache, 1, NULL, NULL, &reply));
    EXPECT(CACHE_ERR_MISUSE, cache_command(cache, 2, argv, NULL, &reply));
    CHECK(reply == NULL);
}

static void settings(void) {
    cache_t *cache = (cache_t *)&cache;
    cache_config config = CACHE_CONFIG_INIT;
    config.eviction = "least-loved";
    EXPECT(CACHE_ERR_CONFIG, cache_open(NULL, &config, &cache));
    CHECK(cache == NULL && strstr(cache_errmsg(), "allkeys-lru") != NULL);
    config = (cache_config)CACHE_CONFIG_INIT;
    config.persist = "always";
    EXPECT(CACHE_ERR_CONFIG, cache_open(NULL, &config, &cache));
    config.persist = "sometimes";
    EXPECT(CACHE_ERR_CONFIG, cache_open("./never-made", &config, &cache));
    EXPECT(CACHE_ERR_CONFIG, cache_open("", NULL, &cache));
    config = (cache_config){0};
    EXPECT(CACHE_ERR_MISUSE, cache_open(NULL, &config, &cache));
    config = (cache_config)CACHE_CONFIG_INIT;
    config.name = "\xff\xfe";
    EXPECT(CACHE_ERR_MISUSE, cache_open(NULL, &config, &cache));
    EXPECT(CACHE_ERR_IO, cache_open("/proc/no/such/place", NULL, &cache));
    cache_server *server;
    cache = open_in_memory();
    EXPECT(CACHE_ERR_CONFIG, cache_serve(cache, NULL, NULL, NULL, &server));
    EXPECT(CACHE_ERR_CONFIG, cache_serve(cache, "here", NULL, NULL, &server));
    EXPECT(CACHE_ERR_CONFIG, cache_serve(cache, "0.0.0.0:0", NULL, NULL, &server));
    CHECK(server == NULL && strstr(cache_errmsg(), "password") != NULL);
    OK(cache_close(cache));
}

static void a_full_cache(void) {
    cache_config config = CACHE_CONFIG_INIT;
    config.max_bytes = 1 << 20;
    config.eviction = "noeviction";
    cache_t *cache;
    OK(cache_open(NULL, &config, &cache));
    char value[10000] = {0}, key[16];
    cache_status status = CACHE_OK;
    for (int i = 0; i < 10000 && status == CACHE_OK; i++) {
        snprintf(key, sizeof key, "%d", i);
        status = cache_set(cache, key, strlen(key), value, sizeof value, 0);
    }
    CHECK(status == CACHE_ERR_MEMORY && strcmp(cache_errcode(), "OOM") == 0);
    OK(cache_delete(cache, "1", 1));
    OK(cache_close(cache));
}

int main(void) {
    CHECK(strlen(cache_version()) >= 5 && strcmp(cache_errmsg(), "") == 0);
    cache_t *cache = open_in_memory();
    nulls(cache);
    settings();
    a_full_cache();
    OK(cache_close(cache));
    EXPECT(CACHE_ERR_CLOSED, cache_close(cache));
    EXPECT(CACHE_ERR_CLOSED, cache_set(cache, "k", 1, "v", 1, 0));
    EXPECT(CACHE_ERR_CLOSED, cache_exists(cache, "k", 1));
    EXPECT(CACHE_ERR_CLOSED, cache_save(cache));
    CHECK(strcmp(cache_errcode(), "CLOSED") == 0);
    return 0;
}
