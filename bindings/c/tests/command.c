/* Any command by its name, and its reply as a tree. */
#include "check.h"

static cache_reply *run(cache_t *cache, int argc, const char **argv) {
    cache_reply *reply = NULL;
    OK(cache_command(cache, argc, argv, NULL, &reply));
    CHECK(reply != NULL);
    return reply;
}

#define RUN(cache, ...)                                                                                        \
    run(cache, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

int main(void) {
    cache_t *cache = open_in_memory();
    cache_reply *reply = RUN(cache, "SET", "k", "value", "EX", "100");
    CHECK(reply->type == CACHE_REPLY_STATUS && !strcmp(reply->str, "OK"));
    cache_reply_free(reply);

    reply = RUN(cache, "GET", "k");
    CHECK(reply->type == CACHE_REPLY_STRING && reply->len == 5 && !strcmp(reply->str, "value"));
    cache_reply_free(reply);

    reply = RUN(cache, "GET", "none");
    CHECK(reply->type == CACHE_REPLY_NIL);
    cache_reply_free(reply);

    reply = RUN(cache, "strlen", "k");
    CHECK(reply->type == CACHE_REPLY_INTEGER && reply->integer == 5);
    cache_reply_free(reply);

    reply = RUN(cache, "MGET", "k", "none");
    CHECK(reply->type == CACHE_REPLY_ARRAY && reply->elements == 2);
    CHECK(reply->element[0]->type == CACHE_REPLY_STRING && reply->element[1]->type == CACHE_REPLY_NIL);
    cache_reply_free(reply);

    reply = RUN(cache, "LCS", "k", "k", "IDX");
    CHECK(reply->type == CACHE_REPLY_MAP && reply->elements == 4);
    CHECK(!strcmp(reply->element[0]->str, "matches") && reply->element[3]->integer == 5);
    cache_reply_free(reply);

    const char *argv[] = {"SET", "nul\0key", "\0\0"};
    const size_t argvlen[] = {3, 7, 2};
    OK(cache_command(cache, 3, argv, argvlen, NULL));
    OK(cache_exists(cache, "nul\0key", 7));

    const char *unknown[] = {"NOSUCH", "x"};
    EXPECT(CACHE_ERR_COMMAND, cache_command(cache, 2, unknown, NULL, &reply));
    CHECK(reply == NULL && strstr(cache_errmsg(), "unknown command 'NOSUCH'") != NULL);
    const char *select[] = {"SELECT", "1"};
    EXPECT(CACHE_ERR_COMMAND, cache_command(cache, 2, select, NULL, NULL));
    const char *shutdown[] = {"SHUTDOWN", "NOSAVE"};
    EXPECT(CACHE_ERR_COMMAND, cache_command(cache, 2, shutdown, NULL, NULL));
    OK(cache_close(cache));
    return 0;
}
