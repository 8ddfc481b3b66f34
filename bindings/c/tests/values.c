/* One key at a time: NUL bytes, empty and large values, buffers that are too small, conditions, expiry. */
#include "check.h"

static void nul_bytes_are_ordinary(cache_t *cache) {
    char buffer[16];
    size_t len;
    OK(cache_set(cache, "a\0b", 3, "x\0y", 3, 0));
    OK(cache_get(cache, "a\0b", 3, buffer, sizeof buffer, &len));
    CHECK(len == 3 && memcmp(buffer, "x\0y", 3) == 0);
    EXPECT(CACHE_NOT_FOUND, cache_get(cache, "a", 1, buffer, sizeof buffer, &len));
    OK(cache_delete(cache, "a\0b", 3));
    EXPECT(CACHE_NOT_FOUND, cache_delete(cache, "a\0b", 3));
}

static void empty_keys_and_values(cache_t *cache) {
    size_t len = 7;
    OK(cache_set(cache, NULL, 0, NULL, 0, 0));
    OK(cache_exists(cache, NULL, 0));
    OK(cache_get(cache, NULL, 0, NULL, 0, &len));
    CHECK(len == 0);
    void *copy;
    OK(cache_get_copy(cache, "", 0, &copy, &len));
    CHECK(len == 0 && *(char *)copy == 0);
    cache_free(copy);
    OK(cache_delete(cache, NULL, 0));
}

static void short_buffers_tell_the_length(cache_t *cache) {
    char buffer[4] = "....";
    size_t len;
    set(cache, "k", "abcdef");
    EXPECT(CACHE_TRUNCATED, cache_get(cache, "k", 1, buffer, 3, &len));
    CHECK(len == 6 && memcmp(buffer, "abc.", 4) == 0);
    EXPECT(CACHE_TRUNCATED, cache_get(cache, "k", 1, NULL, 0, &len));
    CHECK(len == 6);
    EXPECT(CACHE_TRUNCATED, cache_get(cache, "k", 1, NULL, 0, NULL));
}

struct sum {
    size_t calls, bytes, total, stop_after;
    unsigned char first, last;
};

static int add_up(void *context, size_t index, const void *bytes, size_t len, size_t offset, size_t total) {
    struct sum *sum = context;
    CHECK(index == 0 && offset == sum->bytes && bytes != NULL);
    if (sum->calls++ == 0) sum->first = *(const unsigned char *)bytes;
    sum->last = ((const unsigned char *)bytes)[len - 1];
    sum->bytes += len;
    sum->total = total;
    return sum->stop_after != 0 && sum->calls >= sum->stop_after;
}

static void large_values(cache_t *cache) {
    size_t size = 5 * 1024 * 1024 + 3;
    unsigned char *value = malloc(size), *back = malloc(size);
    CHECK(value && back);
    for (size_t i = 0; i < size; i++) value[i] = (unsigned char)(i * 31 + i / 256);
    OK(cache_set(cache, "large", 5, value, size, 0));
    size_t len;
    OK(cache_get(cache, "large", 5, back, size, &len));
    CHECK(len == size && memcmp(value, back, size) == 0);
    void *copy;
    OK(cache_get_copy(cache, "large", 5, &copy, &len));
    CHECK(len == size && memcmp(value, copy, size) == 0 && ((char *)copy)[size] == 0);
    cache_free(copy);

    struct sum sum = {0};
    OK(cache_read(cache, "large", 5, add_up, &sum));
    CHECK(sum.bytes == size && sum.total == size && sum.calls > 1);
    CHECK(sum.first == value[0] && sum.last == value[size - 1]);
    struct sum stopped = {.stop_after = 2};
    EXPECT(CACHE_STOPPED, cache_read(cache, "large", 5, add_up, &stopped));
    CHECK(stopped.calls == 2);
    EXPECT(CACHE_NOT_FOUND, cache_read(cache, "none", 4, add_up, &stopped));
    OK(cache_delete(cache, "large", 5));
    free(value);
    free(back);
}

static void conditions_and_expiry(cache_t *cache) {
    cache_set_options options = CACHE_SET_OPTIONS_INIT;
    int64_t left = 0;
    options.flags = CACHE_IF_PRESENT;
    EXPECT(CACHE_NOT_STORED, cache_set_with(cache, "c", 1, "1", 1, &options));
    options.flags = CACHE_IF_ABSENT;
    options.ttl_ms = 60000;
    OK(cache_set_with(cache, "c", 1, "1", 1, &options));
    EXPECT(CACHE_NOT_STORED, cache_set_with(cache, "c", 1, "2", 1, &options));
    OK(cache_ttl(cache, "c", 1, &left));
    CHECK(left > 0 && left <= 60000);
    options.flags = CACHE_IF_PRESENT | CACHE_KEEP_TTL;
    options.ttl_ms = 0;
    OK(cache_set_with(cache, "c", 1, "3", 1, &options));
    OK(cache_ttl(cache, "c", 1, &left));
    CHECK(left > 0 && left <= 60000);
    OK(cache_expire(cache, "c", 1, 0));
    OK(cache_ttl(cache, "c", 1, &left));
    CHECK(left == -1);
    OK(cache_expire(cache, "c", 1, 1000));
    OK(cache_ttl(cache, "c", 1, &left));
    CHECK(left > 0 && left <= 1000);
    EXPECT(CACHE_NOT_FOUND, cache_expire(cache, "none", 4, 5));
    EXPECT(CACHE_NOT_FOUND, cache_ttl(cache, "none", 4, &left));
    options.flags = CACHE_IF_ABSENT | CACHE_IF_PRESENT;
    EXPECT(CACHE_ERR_MISUSE, cache_set_with(cache, "c", 1, "1", 1, &options));
    OK(cache_set_with(cache, "c", 1, "plain", 5, NULL));
    CHECK(holds(cache, "c", "plain"));
}

static void integers(cache_t *cache) {
    int64_t sum = 0;
    OK(cache_incr(cache, "n", 1, 5, &sum));
    OK(cache_incr(cache, "n", 1, -7, &sum));
    CHECK(sum == -2 && holds(cache, "n", "-2"));
    OK(cache_incr(cache, "n", 1, 1, NULL));
    set(cache, "word", "five");
    EXPECT(CACHE_ERR_COMMAND, cache_incr(cache, "word", 4, 1, &sum));
    CHECK(strcmp(cache_errcode(), "ERR") == 0 && strstr(cache_errmsg(), "not an integer") != NULL);
}

int main(void) {
    cache_t *cache = open_in_memory();
    nul_bytes_are_ordinary(cache);
    empty_keys_and_values(cache);
    short_buffers_tell_the_length(cache);
    large_values(cache);
    conditions_and_expiry(cache);
    integers(cache);
    OK(cache_close(cache));
    return 0;
}
