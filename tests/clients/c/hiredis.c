/* hiredis against a served cache: the server's protocol seen by the C client, and both faces on one keyspace. */

#include <cache.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, cache_errmsg()); \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

static redisContext *connect_to(const char *address) {
    const char *port = strrchr(address, ':');
    CHECK(port != NULL);
    redisContext *client = redisConnect("127.0.0.1", atoi(port + 1));
    CHECK(client != NULL && client->err == 0);
    return client;
}

static void expect(redisReply *reply, int type, const char *text) {
    CHECK(reply != NULL);
    CHECK(reply->type == type);
    CHECK(text == NULL || strcmp(reply->str, text) == 0);
    freeReplyObject(reply);
}

int main(void) {
    cache_t *cache = NULL;
    cache_server *server = NULL;
    CHECK(cache_open(NULL, NULL, &cache) == CACHE_OK);
    CHECK(cache_serve(cache, "127.0.0.1:0", NULL, NULL, &server) == CACHE_OK);
    redisContext *client = connect_to(cache_server_resp(server));

    expect(redisCommand(client, "PING"), REDIS_REPLY_STATUS, "PONG");
    expect(redisCommand(client, "SET %s %s", "greeting", "hello"), REDIS_REPLY_STATUS, "OK");
    expect(redisCommand(client, "GET greeting"), REDIS_REPLY_STRING, "hello");
    expect(redisCommand(client, "GET none"), REDIS_REPLY_NIL, NULL);
    expect(redisCommand(client, "INCR greeting"), REDIS_REPLY_ERROR, "ERR value is not an integer or out of range");

    /* Bytes of any kind, from the network into the process. */
    const char bytes[] = {0, 1, '\r', '\n', (char)0xff, 0};
    expect(redisCommand(client, "SET binary %b", bytes, sizeof bytes), REDIS_REPLY_STATUS, "OK");
    char buffer[16];
    size_t length = 0;
    CHECK(cache_get(cache, "binary", 6, buffer, sizeof buffer, &length) == CACHE_OK);
    CHECK(length == sizeof bytes && memcmp(buffer, bytes, length) == 0);

    /* And from the process to the network. */
    CHECK(cache_set(cache, "number", 6, "41", 2, 0) == CACHE_OK);
    redisReply *reply = redisCommand(client, "INCR number");
    CHECK(reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 42);
    freeReplyObject(reply);

    reply = redisCommand(client, "MGET greeting none number");
    CHECK(reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3);
    CHECK(strcmp(reply->element[0]->str, "hello") == 0 && reply->element[1]->type == REDIS_REPLY_NIL);
    freeReplyObject(reply);

    /* A pipeline keeps its order. */
    for (int i = 0; i < 1000; i++)
        CHECK(redisAppendCommand(client, "APPEND list %d,", i) == REDIS_OK);
    long long last = 0;
    for (int i = 0; i < 1000; i++) {
        CHECK(redisGetReply(client, (void **)&reply) == REDIS_OK);
        CHECK(reply->type == REDIS_REPLY_INTEGER && reply->integer > last);
        last = reply->integer;
        freeReplyObject(reply);
    }

    redisFree(client);
    CHECK(cache_server_stop(server) == CACHE_OK);
    CHECK(cache_close(cache) == CACHE_OK);
    puts("hiredis: all as expected");
    return 0;
}
