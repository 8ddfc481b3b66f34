/* Many keys at once, walking over all keys, counting, emptying, numbers, databases. */
#include "check.h"

struct seen {
    int found[4];
    char text[4][8];
    size_t calls, stop_after;
};

static int note(void *context, size_t index, const void *bytes, size_t len, size_t offset, size_t total) {
    struct seen *seen = context;
    CHECK(index < 4 && offset == 0 && len == total && len < 8);
    seen->found[index] = bytes != NULL;
    if (bytes != NULL) memcpy(seen->text[index], bytes, len);
    seen->calls++;
    return seen->stop_after != 0 && seen->calls >= seen->stop_after;
}

struct keys {
    size_t count, capacity;
    unsigned char *seen;
};

static int note_key(void *context, const void *key, size_t key_len) {
    struct keys *keys = context;
    char text[32] = {0};
    CHECK(key_len < sizeof text);
    memcpy(text, key, key_len);
    size_t number = (size_t)atoi(text + 2);
    CHECK(number < keys->capacity);
    keys->count += !keys->seen[number];
    keys->seen[number] = 1;
    return 0;
}

static int stop(void *context, const void *key, size_t key_len) {
    (void)key;
    (void)key_len;
    ++*(int *)context;
    return 1;
}

int main(void) {
    cache_t *cache = open_in_memory();
    const void *keys[] = {"a", "b", "a", "none"};
    const size_t key_lens[] = {1, 1, 1, 4};
    const void *values[] = {"1", "2", "3"};
    const size_t value_lens[] = {1, 1, 1};
    OK(cache_set_many(cache, 3, keys, key_lens, values, value_lens, 0));
    struct seen seen = {0};
    OK(cache_get_many(cache, 4, keys, key_lens, note, &seen));
    CHECK(seen.calls == 4 && !seen.found[3]);
    CHECK(!strcmp(seen.text[0], "3") && !strcmp(seen.text[1], "2") && !strcmp(seen.text[2], "3"));
    struct seen stopped = {.stop_after = 2};
    EXPECT(CACHE_STOPPED, cache_get_many(cache, 4, keys, key_lens, note, &stopped));
    CHECK(stopped.calls == 2);
    OK(cache_get_many(cache, 0, NULL, NULL, note, &seen));
    OK(cache_set_many(cache, 0, NULL, NULL, NULL, NULL, 0));
    size_t deleted = 0;
    OK(cache_delete_many(cache, 4, keys, key_lens, &deleted));
    CHECK(deleted == 2);
    OK(cache_delete_many(cache, 0, NULL, NULL, NULL));

    enum { KEYS = 5000 };
    char name[16];
    for (int i = 0; i < KEYS; i++) {
        snprintf(name, sizeof name, "k:%d", i);
        set(cache, name, "v");
    }
    uint64_t count = 0, cursor = 0;
    OK(cache_count(cache, &count));
    CHECK(count == KEYS);
    struct keys all = {.capacity = KEYS, .seen = calloc(KEYS, 1)};
    do {
        OK(cache_scan(cache, &cursor, NULL, 0, 100, note_key, &all));
    } while (cursor != 0);
    CHECK(all.count == KEYS);
    struct keys few = {.capacity = KEYS, .seen = calloc(KEYS, 1)};
    do {
        OK(cache_scan(cache, &cursor, "k:4?", 4, 0, note_key, &few));
    } while (cursor != 0);
    CHECK(few.count == 10);
    int calls = 0;
    EXPECT(CACHE_STOPPED, cache_scan(cache, &cursor, NULL, 0, 100, stop, &calls));
    CHECK(calls == 1);

    cache_stats_t stats = CACHE_STATS_INIT;
    OK(cache_stats(cache, &stats));
    CHECK(stats.keys == KEYS && stats.used_bytes > KEYS && stats.max_bytes == 0);
    CHECK(holds(cache, "k:1", "v"));
    uint64_t hits = stats.hits;
    OK(cache_stats(cache, &stats));
    CHECK(stats.hits == hits + 1);
    /* A program that was compiled against an older header gets what it knows of. */
    cache_stats_t older = {.struct_size = offsetof(cache_stats_t, hits), .hits = 77};
    OK(cache_stats(cache, &older));
    CHECK(older.keys == KEYS && older.hits == 77);

    cache_t *other = NULL;
    OK(cache_database(cache, 5, &other));
    set(other, "only", "here");
    EXPECT(CACHE_NOT_FOUND, cache_exists(cache, "only", 4));
    OK(cache_clear(cache));
    OK(cache_count(cache, &count));
    CHECK(count == 0);
    OK(cache_exists(other, "only", 4));
    EXPECT(CACHE_ERR_MISUSE, cache_database(cache, 16, &other));
    free(all.seen);
    free(few.seen);
    OK(cache_close(cache));
    return 0;
}
