/* The common calls on lists, sets, hashes, sorted sets and streams. */
#include "check.h"

#define S(text) (text), (sizeof(text) - 1)

/* What a call gave is this text; frees it. */
static void is(void *value, size_t len, const char *text) {
    CHECK(len == strlen(text) && !strcmp(value, text));
    cache_free(value);
}

int main(void) {
    cache_t *cache = open_in_memory();
    void *value = NULL;
    size_t len = 0;
    int64_t length = 0;
    int is_new = -1;
    double score = 0;

    OK(cache_rpush(cache, S("list"), S("a"), &length));
    OK(cache_rpush(cache, S("list"), S("b"), NULL));
    OK(cache_lpush(cache, S("list"), S(""), &length));
    CHECK(length == 3);
    OK(cache_lpop(cache, S("list"), &value, &len));
    is(value, len, "");
    OK(cache_rpop(cache, S("list"), &value, &len));
    is(value, len, "b");
    OK(cache_llen(cache, S("list"), &length));
    CHECK(length == 1);
    EXPECT(CACHE_NOT_FOUND, cache_lpop(cache, S("none"), &value, &len));
    CHECK(value == NULL);

    OK(cache_hset(cache, S("hash"), S("f"), S("1"), &is_new));
    CHECK(is_new == 1);
    OK(cache_hset(cache, S("hash"), S("f"), S("2"), &is_new));
    CHECK(is_new == 0);
    OK(cache_hget(cache, S("hash"), S("f"), &value, &len));
    is(value, len, "2");
    const void *fields[] = {"g", "h"}, *values[] = {"x", "yy"};
    size_t field_lens[] = {1, 1}, value_lens[] = {1, 2};
    OK(cache_hset_many(cache, S("hash"), 2, fields, field_lens, values, value_lens));
    OK(cache_hget(cache, S("hash"), S("h"), &value, &len));
    is(value, len, "yy");
    OK(cache_hdel(cache, S("hash"), S("h")));
    EXPECT(CACHE_NOT_FOUND, cache_hdel(cache, S("hash"), S("h")));
    EXPECT(CACHE_NOT_FOUND, cache_hget(cache, S("hash"), S("h"), &value, &len));

    OK(cache_sadd(cache, S("set"), S("m"), &is_new));
    CHECK(is_new == 1);
    OK(cache_sismember(cache, S("set"), S("m")));
    OK(cache_srem(cache, S("set"), S("m")));
    EXPECT(CACHE_NOT_FOUND, cache_srem(cache, S("set"), S("m")));
    EXPECT(CACHE_NOT_FOUND, cache_sismember(cache, S("set"), S("m")));

    OK(cache_zadd(cache, S("zset"), 1.5, S("m"), &is_new));
    CHECK(is_new == 1);
    OK(cache_zscore(cache, S("zset"), S("m"), &score));
    CHECK(score == 1.5);
    OK(cache_zrem(cache, S("zset"), S("m")));
    EXPECT(CACHE_NOT_FOUND, cache_zscore(cache, S("zset"), S("m"), &score));

    OK(cache_xadd(cache, S("stream"), 2, fields, field_lens, values, value_lens, &value));
    CHECK(strchr(value, '-') != NULL);
    cache_free(value);
    EXPECT(CACHE_ERR_COMMAND, cache_xadd(cache, S("stream"), 0, NULL, NULL, NULL, NULL, NULL));

    EXPECT(CACHE_ERR_COMMAND, cache_lpush(cache, S("hash"), S("x"), NULL));
    CHECK(!strcmp(cache_errcode(), "WRONGTYPE"));
    EXPECT(CACHE_ERR_MISUSE, cache_hget(cache, S("hash"), S("f"), NULL, NULL));
    OK(cache_close(cache));
    return 0;
}
